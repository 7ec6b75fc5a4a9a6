import type { Context } from '../context.ts';

/** The shells ask `soma __complete` with what has been typed so far. */
const SCRIPTS = {
  bash: `_soma() { mapfile -t COMPREPLY < <(soma __complete "\${COMP_WORDS[@]:1:COMP_CWORD}"); }
complete -o default -F _soma soma
`,
  zsh: `#compdef soma
_soma() { local -a found; found=(\${(f)"$(soma __complete "\${(@)words[2,CURRENT]}")"}); compadd -a found }
compdef _soma soma
`,
  fish: `complete -c soma -f -a '(soma __complete (commandline -opc)[2..] (commandline -ct))'
`,
};

export function completion(this: Context, _flags: object, shell: keyof typeof SCRIPTS): void {
  this.process.stdout.write(SCRIPTS[shell]);
}
