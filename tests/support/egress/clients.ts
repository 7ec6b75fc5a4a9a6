/** Capsules that reach out, each with what its language has for it. */

export const NODE_CLIENTS = `import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const old = (module, url) => new Promise((resolve, reject) => module.get(url, (r) => resolve(text(r))).on('error', reject));
const attempt = (promise) => promise.catch((error) => error.cause?.code ?? error.code ?? error.message);
export default async ({ tls, plain }) => ({
  fetch: await attempt(fetch('https://allowed.test:' + tls + '/a').then((r) => r.text())),
  https: await attempt(old(https, 'https://deep.wild.test:' + tls + '/b')),
  http: await attempt(old(http, 'http://allowed.test:' + plain + '/c')),
  ungranted: await attempt(fetch('https://evil.test:' + tls + '/')),
  apex: await attempt(fetch('https://wild.test:' + tls + '/')),
  port: await attempt(fetch('https://other.test:443/')),
  redirect: await attempt(fetch('https://allowed.test:' + tls + '/redirect').then((r) => r.text())),
  address: await attempt(fetch('https://127.0.0.1:' + plain + '/')),
  inner: await attempt(fetch('http://inner.test/')),
});
`;

export const PYTHON_CLIENTS = `import asyncio, http.client, socket, ssl, urllib.request
trusting = ssl._create_unverified_context()
def attempt(work):
    try:
        return work()
    except Exception as error:
        return type(getattr(error, "reason", error)).__name__
def client(host, port):
    connection = http.client.HTTPSConnection(host, port, context=trusting)
    connection.request("GET", "/b")
    return connection.getresponse().read().decode()
async def streams(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /c HTTP/1.0\\r\\nHost: " + host.encode() + b"\\r\\n\\r\\n")
    return (await reader.read()).decode().splitlines()[-1]
def raw(host, port):
    with socket.create_connection((host, port), 5) as connection:
        connection.sendall(b"GET /d HTTP/1.0\\r\\n\\r\\n")
        return connection.recv(15).decode()
def main(input, soma):
    tls, plain = input["tls"], input["plain"]
    return {
        "urllib": attempt(lambda: urllib.request.urlopen(f"https://allowed.test:{tls}/a", context=trusting).read().decode()),
        "http.client": attempt(lambda: client("deep.wild.test", tls)),
        "asyncio": attempt(lambda: asyncio.run(streams("allowed.test", plain))),
        "socket": attempt(lambda: raw("allowed.test", plain)),
        "ungranted": attempt(lambda: client("evil.test", tls)),
        "nowhere": attempt(lambda: raw("nowhere.test", 443)),
        "ssl": ssl.create_default_context().cert_store_stats()["x509_ca"] > 100,
    }
`;

/** As anybody writes it; a certificate that nobody signed is not accepted unless that is asked for. */
export const REQUESTS = `import requests, warnings
def attempt(work):
    try:
        return work()
    except requests.exceptions.RequestException as error:
        return type(error).__name__
def main(input, soma):
    tls, plain = input["tls"], input["plain"]
    warnings.simplefilter("ignore")
    return {
        "from": requests.__file__,
        "get": requests.get(f"http://allowed.test:{plain}/a").text,
        "post": requests.post(f"http://allowed.test:{plain}/", data=b"x" * 100_000).text,
        "session": [requests.Session().get(f"https://deep.wild.test:{tls}/b", verify=False).text for _ in range(2)],
        "unverified": attempt(lambda: requests.get(f"https://allowed.test:{tls}/")),
        "ungranted": attempt(lambda: requests.get(f"https://evil.test:{tls}/")),
        "redirect": attempt(lambda: requests.get(f"https://allowed.test:{tls}/redirect", verify=False).text),
    }
`;

export const SPEAK = `import net from 'node:net';
import { text } from 'node:stream/consumers';
export default async (lines) => Promise.all(lines.map(async (line) => {
  const socket = net.connect('/run/soma/egress');
  socket.write(line + '\\r\\nHost: x\\r\\n\\r\\n');
  return (await text(socket)).split('\\r\\n')[0];
}));
`;
