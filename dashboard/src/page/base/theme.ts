// Light or dark: as the system is set, or as the user chose here.

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'agora.theme';
const ORDER: readonly Theme[] = ['auto', 'light', 'dark'];

export function currentTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return ORDER.find(theme => theme === stored) ?? 'auto';
}

export function applyTheme(theme: Theme = currentTheme()): void {
  localStorage.setItem(KEY, theme);
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? 'auto';
}
