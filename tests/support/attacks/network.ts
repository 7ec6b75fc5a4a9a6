import { type Attack, KIT, reports } from './attack.ts';

const family = 'reach a network';
const HANDLER = { runtime: 'python3.11' } as const;

export const NETWORK: readonly Attack[] = [
  {
    family,
    name: 'the internet, the metadata service, the gateway of the engine, the host',
    python: `${KIT}
def main(input, soma):
    def reach(address):
        with socket.socket(socket.AF_INET) as to:
            to.settimeout(2)
            to.connect(address)
    addresses = [("1.1.1.1", 443), ("169.254.169.254", 80), ("172.17.0.1", 2375), ("172.17.0.1", 22), ("10.0.0.1", 80), ("192.168.0.1", 80), ("100.100.100.200", 80)]
    return [host for host, port in addresses if attempt(lambda: reach((host, port))) == "allowed"]
`,
    options: HANDLER,
    gets: reports([], 'unreachable: there is no interface'),
  },
  {
    family,
    name: 'services of the host on loopback and on its own addresses',
    python: `${KIT}
def main(input, soma):
    open_ports = []
    trap = input["trap"]
    for port in [22, 2375, 2376, 5432, 6379, 8123, 8787, 8788, 9100, 9200, 10250, trap["tcpPort"]]:
        for address in ("127.0.0.1", *trap["addresses"]):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                with socket.socket(family) as to:
                    to.settimeout(0.5)
                    to.connect((address, port))
                    open_ports.append(port)
            except OSError:
                pass
    for address in ("127.0.0.1", *trap["addresses"]):
        try:
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as to:
                to.sendto(b"x", (address, trap["udpPort"]))
        except OSError:
            pass
    return open_ports
`,
    options: HANDLER,
    gets: reports([], 'loopback is its own, and nothing arrives at the host'),
  },
  {
    family,
    name: 'everything that Node can connect to',
    node: `import { createSocket } from 'node:dgram';
import { lookup, resolve4 } from 'node:dns/promises';
import { connect } from 'node:net';

const reach = (target) => new Promise((done) => {
  const socket = connect({ ...target, timeout: 1000 });
  socket.on('connect', () => done(true)).on('error', () => done(false)).on('timeout', () => done(false));
}).catch(() => false);
const sends = (port, address) => new Promise((done) => {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => done());
  socket.send('x', port, address, () => socket.close(done));
});

export default async ({ trap, neighbour }) => {
  const targets = [
    ...['1.1.1.1', '169.254.169.254', '172.17.0.1', '2606:4700:4700::1111'].map((host) => ({ host, port: 80 })),
    ...['127.0.0.1', ...trap.addresses].map((host) => ({ host, port: trap.tcpPort })),
    { host: '127.0.0.1', port: neighbour.port },
    ...[trap.socket, neighbour.socket].map((name) => ({ path: '\\0' + name })),
  ];
  await Promise.all(['127.0.0.1', ...trap.addresses].map((address) => sends(trap.udpPort, address)));
  const reached = await Promise.all(targets.map(reach));
  const names = await Promise.allSettled([lookup('example.com'), resolve4('example.com')]);
  const answers = await fetch('http://169.254.169.254/').then(() => true, () => false);
  return [targets.filter((_, at) => reached[at]), names.filter(({ status }) => status === 'fulfilled').length, answers];
};
`,
    options: { resources: { timeoutMs: 60_000 } },
    gets: reports([[], 0, false], 'nothing answers, and nothing arrives'),
  },
  {
    family,
    name: 'datagrams and multicast',
    python: `${KIT}
def main(input, soma):
    def send(address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to:
            to.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            to.sendto(b"x", address)
    addresses = [("8.8.8.8", 53), ("224.0.0.251", 5353), ("255.255.255.255", 67), ("172.17.255.255", 9)]
    return [host for host, port in addresses if attempt(lambda: send((host, port))) == "allowed"]
`,
    options: HANDLER,
    gets: reports([], 'unreachable'),
  },
  {
    family,
    name: 'IPv6',
    python: `${KIT}
def main(input, soma):
    def reach(address):
        with socket.socket(socket.AF_INET6) as to:
            to.settimeout(2)
            to.connect((address, 80, 0, 0))
    return [address for address in ("2606:4700:4700::1111", "fd00:ec2::254", "fe80::1", "::ffff:169.254.169.254") if attempt(lambda: reach(address)) == "allowed"]
`,
    options: HANDLER,
    gets: reports([], 'unreachable'),
  },
  {
    family,
    name: 'names',
    python: `${KIT}
def main(input, soma):
    found = []
    for name in ("example.com", "metadata.google.internal", "host.docker.internal", "kubernetes.default"):
        try:
            found.append(socket.getaddrinfo(name, 80)[0][4][0])
        except OSError:
            pass
    return found
`,
    options: HANDLER,
    gets: reports([], 'nobody answers: there is no resolver'),
  },
  {
    family,
    name: 'raw and packet sockets',
    python: `${KIT}
def main(input, soma):
    kinds = {
        "raw": (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "raw IPv6": (socket.AF_INET6, socket.SOCK_RAW, 58),
        "packet": (socket.AF_PACKET, socket.SOCK_RAW, 0x300),
        "packet, cooked": (socket.AF_PACKET, socket.SOCK_DGRAM, 0x300),
    }
    return allowed({name: attempt(lambda: socket.socket(*kind).close()) for name, kind in kinds.items()})
`,
    options: HANDLER,
    gets: reports([], 'refused'),
  },
  {
    family,
    name: 'rarely used families of sockets',
    python: `${KIT}
def main(input, soma):
    families = {"vsock": (40, 1, 0), "alg": (38, 5, 0), "bluetooth": (31, 3, 0), "can": (29, 3, 1), "tipc": (30, 1, 0), "rds": (21, 5, 0), "xdp": (44, 3, 0), "kcm": (41, 5, 0), "ax25": (3, 5, 0), "appletalk": (5, 2, 0), "key": (15, 3, 2)}
    return allowed({name: call("socket", *family) for name, family in families.items()})
`,
    options: HANDLER,
    gets: reports([], 'refused'),
  },
  {
    family,
    name: 'making an interface',
    python: `${KIT}
import fcntl, struct
def main(input, soma):
    def up():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 1))
    def link():
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as route:
            body = struct.pack("BxHiII", 0, 0, 0, 0, 0) + struct.pack("HH8s", 12, 3, b"soma0")
            route.send(struct.pack("IHHII", 16 + len(body), 16, 0x605, 1, 0) + body)
            code = struct.unpack_from("i", route.recv(4096), 16)[0]
            if code < 0:
                raise OSError(-code, "refused")
    return allowed({"flags": attempt(up), "link": attempt(link)})
`,
    options: HANDLER,
    gets: reports([], 'refused'),
  },
  {
    family,
    name: 'sockets of the host by an abstract name',
    python: `${KIT}
def main(input, soma):
    def reach(name):
        with socket.socket(socket.AF_UNIX) as to:
            to.connect(name)
    names = [b"\\0/containerd-shim/moby/", b"\\0/tmp/.X11-unix/X0", b"\\0" + input["trap"]["socket"].encode(), b"\\0" + input["neighbour"]["socket"].encode()]
    return [name[1:].decode() for name in names if attempt(lambda: reach(name)) == "allowed"]
`,
    options: HANDLER,
    gets: reports([], 'the names belong to a network namespace, and it has its own'),
  },
];
