// Icons as outlines of one weight; text beside them says what they mean.

const PATHS = {
  overview: 'M3 13h4l3-8 4 14 3-6h4',
  agents: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 20c1-4 4-6 8-6s7 2 8 6',
  messages: 'M4 6h16v11H9l-5 4V6Z',
  workflows: 'M5 5h5v5H5zM14 14h5v5h-5zM7.5 10v6.5H14',
  events: 'M5 12h.01M9 8v8M13 5v14M17 9v6M21 12h.01',
  dead: 'M12 4 3 20h18L12 4ZM12 10v4M12 17h.01',
  groups:
    'M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3 19c.6-3 2.900-5 6-5s5.400 2 6 5M16 5a3 3 0 0 1 0 6M18 14c1.700.700 2.700 2.500 3 5',
  operators: 'M12 3 4 6v6c0 5 3.500 7.800 8 9 4.500-1.200 8-4 8-9V6l-8-3ZM9 12l2 2 4-4',
  claims: 'M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5zM12 14v3',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20 20l-4-4',
  plus: 'M12 5v14M5 12h14',
  send: 'M4 12 20 4l-5 16-4-6-7-2Z',
  play: 'M7 5v14l11-7L7 5Z',
  pause: 'M8 5v14M16 5v14',
  check: 'M5 13l4 4L19 7',
  cross: 'M6 6l12 12M18 6 6 18',
  retry: 'M4 12a8 8 0 1 0 2.500-5.800M4 4v4h4',
  fork: 'M7 4v6c0 4 10 2 10 8M7 10v10M17 18l2-2M17 18l-2-2',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.500 1.500M17.500 17.500 19 19M19 5l-1.500 1.500M6.500 17.500 5 19',
  moon: 'M20 14A8 8 0 1 1 10 4a6.500 6.500 0 0 0 10 10Z',
  auto: 'M12 3a9 9 0 1 0 0 18V3ZM12 3a9 9 0 0 1 0 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  exit: 'M14 4h5v16h-5M4 12h11M11 8l4 4-4 4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  next: 'M9 5l7 7-7 7',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5l3 2',
  key: 'M8 15a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 11h9M17 11v4M20.500 11v3',
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** An icon; hidden from screen readers, since the text beside it has the meaning. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
