// Shell scripts that complete command lines with `agora __complete`. It prints one completion a line: a word, a tab and its
// meaning. The line `:files` means that file names are valid, too.

/** The supported shells. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
/** One of `SHELLS`. */
export type Shell = (typeof SHELLS)[number];

/** The script of each shell, with a comment on how to install it. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // bash splits words at "@": the script joins them, and removes the "@" from the completions.
  bash: `# agora: completion for bash. In ~/.bashrc: eval "$(agora completion bash)"
_agora() {
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}") strip='' line
  local last=$((\${#words[@]} - 1))
  if ((last > 0)) && [[ \${words[last - 1]} == @ ]]; then
    words=("\${words[@]:0:last-1}" "@\${words[last]}") strip=@
  fi
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default 2>/dev/null
    else
      line=\${line%%$'\\t'*}
      COMPREPLY+=("\${line#"$strip"}")
    fi
  done < <(agora __complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _agora agora
`,
  zsh: `#compdef agora
# agora: completion for zsh. In ~/.zshrc, after compinit: eval "$(agora completion zsh)"
_agora() {
  local -a lines found
  local line
  lines=("\${(@f)$(agora __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    if [[ $line == ':files' ]]; then
      _files
    elif [[ -n $line ]]; then
      found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( $#found )) && _describe 'agora' found
}
compdef _agora agora
`,
  fish: `# agora: completion for fish. agora completion fish > ~/.config/fish/completions/agora.fish
function __agora_complete
  set -l words (commandline -opc)[2..] (commandline -ct)
  for line in (agora __complete -- $words 2>/dev/null)
    if test "$line" = ':files'
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c agora -f -a '(__agora_complete)'
`,
};
