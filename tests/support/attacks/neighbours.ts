import { type Attack, KIT, reports } from './attack.ts';

const family = 'look at the host and at neighbours';
const HANDLER = { runtime: 'python3.11' } as const;

export const NEIGHBOURS: readonly Attack[] = [
  {
    family,
    name: 'a neighbour at work: its process, its file, its secret, its sockets',
    python: `${KIT}
def main(input, soma):
    neighbour, found = input["neighbour"], []
    def look(what, see):
        try:
            if see():
                found.append(what)
        except OSError:
            pass
    for name in filter(str.isdigit, os.listdir("/proc")):
        look("process", lambda: open(f"/proc/{name}/comm").read().strip() == neighbour["process"])
        look("file", lambda: os.path.exists(f"/proc/{name}/root/tmp/" + neighbour["file"]))
        look("secret", lambda: os.path.exists(f"/proc/{name}/root/run/secrets/" + neighbour["secret"]))
    for folder, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/dev")]
        found += [name for name in files if name in (neighbour["file"], neighbour["secret"])]
    def reach(family, address):
        with socket.socket(family) as to:
            to.settimeout(0.5)
            to.connect(address)
        return True
    look("port", lambda: reach(socket.AF_INET, ("127.0.0.1", neighbour["port"])))
    look("socket", lambda: reach(socket.AF_UNIX, b"\\0" + neighbour["socket"].encode()))
    return found
`,
    options: HANDLER,
    gets: reports([], 'nothing of it is there'),
  },
  {
    family,
    name: 'a look around with Node',
    node: `import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

const can = (act) => { try { return act() !== false; } catch { return false; } };
export default ({ neighbour }) => {
  const others = readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && can(() => readFileSync('/proc/' + name + '/comm', 'utf8').trim() === neighbour.process));
  const files = ['/tmp/' + neighbour.file, '/run/secrets/' + neighbour.secret, '/var/run/docker.sock', '/run/soma/control'].filter((path) => existsSync(path));
  const read = ['/proc/1/mem', '/proc/kcore', '/etc/shadow', '/dev/kmsg'].filter((path) => can(() => readFileSync(path).length > 0));
  const written = ['/x', '/etc/x', '/capsule/main.mjs', '/usr/lib/soma/zygote.cjs', '/proc/sys/kernel/core_pattern'].filter((path) => can(() => writeFileSync(path, 'x')));
  const interfaces = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  return [others, files, read, written, interfaces, can(() => process.kill(2_000_000, 0)), can(() => readlinkSync('/proc/1/root') !== '/')];
};
`,
    gets: reports([[], [], [], [], [], false, false], 'its own sandbox, and nothing else'),
  },
];
