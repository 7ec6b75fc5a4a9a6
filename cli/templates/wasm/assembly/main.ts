import { progress, readInput, result, usage } from './soma';

const INPUT_LIMIT = 1 << 20;

/** The input is JSON. Count, in its one text, bytes as they stand and line breaks as they are written. */
export function _start(): void {
  const input = readInput(INPUT_LIMIT);
  progress(0.5, 'read');
  let lines: u64 = 0;
  let isEscaped = false;
  for (let i = 0; i < input.length; i += 1) {
    if (isEscaped && input[i] == 0x6e) lines += 1;
    isEscaped = !isEscaped && input[i] == 0x5c;
  }
  usage('lines', lines);
  result('{"bytes":' + input.length.toString() + ',"lines":' + lines.toString() + '}');
}
