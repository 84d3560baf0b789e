"""Sends single packets to a host in a network namespace, and says where they come out.

Runs in the host's namespace; the other ends of its links are in the namespace whose file is the
first argument. Nobody there has an address or answers: frames are sent and seen as they are.

stdin, a line each:
  listen PORT...      swallow what comes for these ports of the host, for TCP and UDP
  hold PORT           swallow what comes for one more
  send ID WHERE MAC FAMILY PROTOCOL SOURCE DESTINATION SPORT DPORT A B TTL TOS
                      WHERE is a link's name, or `host`; A and B are TCP's flags and 0, or ICMP's
                      type and code; of ICMP, SPORT is the identifier
  sync                say what has arrived by now
stdout:
  arrived ID WHERE SOURCE DESTINATION SPORT DPORT
  done                behind each command's lines
"""

import ctypes
import os
import select
import socket
import struct
import sys

MAGIC = b"dwscript"
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58


def enter(path):
    libc = ctypes.CDLL(None, use_errno=True)
    file = os.open(path, os.O_RDONLY)
    if libc.setns(file, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(file)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(family, text):
    return socket.inet_pton(socket.AF_INET if family == 4 else socket.AF_INET6, text)


def packet(ident, family, protocol, source, destination, sport, dport, a, b, ttl, tos):
    source, destination = address(family, source), address(family, destination)
    payload = MAGIC + struct.pack("!I", ident)

    def transport(check):
        if protocol == TCP:
            head = struct.pack("!HHIIBBHHH", sport, dport, 1000 + b, 1001 if a & 16 else 0, 5 << 4, a, 8192, check, 0)
        elif protocol == UDP:
            head = struct.pack("!HHHH", sport, dport, 8 + len(payload), check)
        else:
            head = struct.pack("!BBHHH", a, b, check, sport, 1)
        return head + payload

    body = transport(0)
    pseudo = b""
    if protocol != ICMP:
        pseudo = source + destination + struct.pack("!IHBB", len(body), 0, 0, protocol)
    body = transport(checksum(pseudo + body) or 0xFFFF)
    if family == 4:
        def header(check):
            return struct.pack("!BBHHHBBH4s4s", 0x45, tos, 20 + len(body), ident & 0xFFFF, 0, ttl, protocol, check, source, destination)
        return header(checksum(header(0))) + body
    return struct.pack("!IHBB16s16s", 6 << 28 | tos << 20, len(body), protocol, ttl, source, destination) + body


def drop_all(sock):
    """A filter that takes nothing: the kernel then answers nothing either."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
    sock.setsockopt(socket.SOL_SOCKET, 26, program)


def listeners(ports):
    open_ones = []
    for port in ports:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            sock = socket.socket(socket.AF_INET6, kind)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            drop_all(sock)
            try:
                sock.bind(("::", port))
            except OSError:
                # It is held already.
                sock.close()
                continue
            if kind == socket.SOCK_STREAM:
                sock.listen(1)
            open_ones.append(sock)
    return open_ones


def ours(body, protocol):
    """Identifier and ports of a packet of ours, of what stands behind the header of IP."""
    if protocol == TCP and len(body) >= 20:
        payload = body[(body[12] >> 4) * 4:]
        ports = struct.unpack("!HH", body[:4])
    elif protocol == UDP and len(body) >= 8:
        payload, ports = body[8:], struct.unpack("!HH", body[:4])
    elif (protocol, body[0]) in ((ICMP, 0), (ICMP, 8), (ICMPV6, 128), (ICMPV6, 129)):
        payload, ports = body[8:], (0, 0)
    else:
        return None
    if not payload.startswith(MAGIC):
        return None
    return struct.unpack("!I", payload[len(MAGIC):len(MAGIC) + 4])[0], *ports


def say(ident, where, source, destination, sport, dport):
    family = socket.AF_INET if len(source) == 4 else socket.AF_INET6
    source, destination = socket.inet_ntop(family, source), socket.inet_ntop(family, destination)
    print("arrived", ident, where, source, destination, sport, dport, flush=False)


def whole(data, where):
    """A packet with its header."""
    if data[0] >> 4 == 4:
        body, protocol, source, destination = data[(data[0] & 15) * 4:], data[9], data[12:16], data[16:20]
    else:
        body, protocol, source, destination = data[40:], data[6], data[8:24], data[24:40]
    found = ours(body, protocol)
    if found:
        say(found[0], where, source, destination, found[1], found[2])


def receive(sock, where, protocol):
    while True:
        try:
            if where != "host":
                data, meta = sock.recvfrom(2048)
                # Our own frames are seen too, as outgoing; and only frames of the two families count.
                if meta[2] != socket.PACKET_OUTGOING and meta[1] in ETHERTYPE.values():
                    whole(data[14:], where)
            elif sock.family == socket.AF_INET:
                whole(sock.recv(2048), where)
            else:
                data, extra, _, peer = sock.recvmsg(2048, 256)
                to = next(value[:16] for _, kind, value in extra if kind == socket.IPV6_PKTINFO)
                found = ours(data, protocol)
                if found:
                    say(found[0], where, socket.inet_pton(socket.AF_INET6, peer[0].split("%")[0]), to, found[1], found[2])
        except BlockingIOError:
            return


def main():
    wires, links = sys.argv[1], sys.argv[2:]
    watched = {}
    for protocol in (TCP, UDP, ICMP):
        watched[socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)] = ("host", protocol)
    for protocol in (TCP, UDP, ICMPV6):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, protocol)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        watched[sock] = ("host", protocol)
    out4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    out6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    out6.setsockopt(socket.IPPROTO_IPV6, 36, 1)
    listening = []
    senders = {}
    host = f"/proc/{os.getpid()}/ns/net"
    back = os.open(host, os.O_RDONLY)
    enter(wires)
    for link in links:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        sock.bind((link, 3))
        senders[link] = sock
        watched[sock] = (link, 0)
    enter(f"/proc/self/fd/{back}")
    for sock in watched:
        sock.setblocking(False)
    poll = select.poll()
    by_file = {}
    for sock, about in watched.items():
        poll.register(sock, select.POLLIN)
        by_file[sock.fileno()] = (sock, *about)
    print("ready", flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        if command == "listen":
            for sock in listening:
                sock.close()
            listening = listeners(map(int, words))
        elif command == "hold":
            listening += listeners(map(int, words))
        elif command == "send":
            ident, where, mac, family, protocol, source, destination, *numbers = words
            family, protocol = int(family), int(protocol)
            data = packet(int(ident), family, protocol, source, destination, *map(int, numbers))
            try:
                if where == "host":
                    (out4 if family == 4 else out6).sendto(data, (destination, 0))
                else:
                    frame = bytes.fromhex(mac.replace(":", ""))
                    frame += senders[where].getsockname()[4] + struct.pack("!H", ETHERTYPE[family])
                    senders[where].send(frame + data)
            except OSError as error:
                # A packet that a rule of OUTPUT drops fails at once.
                print("refused", ident, error.errno, flush=False)
        for file, _ in poll.poll(0):
            receive(*by_file[file])
        print("done", flush=True)


main()
