// docs/cli.md, made of the help texts of the commands.
import { COMMANDS } from '../controller/cli/commands.ts';
import { commandHelp, programHelp } from '../controller/cli/help.ts';

function block(text: string): string {
  return `\`\`\`\n${text.trimEnd()}\n\`\`\``;
}

export function cliPage(): string {
  const sections = COMMANDS.map((command) => `## sluice ${command.name}\n\n${block(commandHelp(command))}`);
  return `# Commands

Made by \`npm run docs\` from the help of the commands; do not edit. \`sluice\` stands for \`bin/sluice\`.

Options may stand before or behind words, as \`--name=value\` or \`--name value\`. Colours and progress are for terminals only;
\`NO_COLOR\` turns colours off. Exit statuses are those of sysexits(3): 64 the command line is wrong, 65 what was given cannot be
read, 66 a file is not there, 69 nginx, the cluster or the controller is not there; 1 what was looked at has errors.

${COMMANDS.map(({ name, about }) => `- [\`sluice ${name}\`](#sluice-${name}): ${about}`).join('\n')}

## sluice

${block(programHelp(COMMANDS))}

${sections.join('\n\n')}
`;
}
