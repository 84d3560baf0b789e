#!/usr/bin/env python3
"""Deterministic generator of iptables-save rulesets (IPv4).

  gen_ruleset.py docker RULES [--seed N] [--counters] [--ports-per-container K]
  gen_ruleset.py k8s    RULES [--seed N]
  gen_ruleset.py docker RULES --format sh     same rules as `iptables -t T -A ...` lines
  gen_ruleset.py docker RULES --format stats  tables/chains/rules as JSON

The output has exactly RULES lines that begin with "-A " (RULES >= 60).
The dialect is what `iptables-save` of iptables-nft 1.8.9 prints: builtin
chains first, user chains sorted, rules grouped by chain, option order
-s -d -i -o -p, matches, target.  Same arguments => same bytes.
"""
import argparse, json, random, sys

BUILTIN = {
    "filter": [("INPUT", "DROP"), ("FORWARD", "DROP"), ("OUTPUT", "ACCEPT")],
    "nat": [("PREROUTING", "ACCEPT"), ("INPUT", "ACCEPT"),
            ("OUTPUT", "ACCEPT"), ("POSTROUTING", "ACCEPT")],
    "mangle": [("PREROUTING", "ACCEPT"), ("INPUT", "ACCEPT"),
               ("FORWARD", "ACCEPT"), ("OUTPUT", "ACCEPT"),
               ("POSTROUTING", "ACCEPT")],
}


class Rules:
    def __init__(self):
        self.t = {k: {c: [] for c, _ in v} for k, v in BUILTIN.items()}
        self.n = 0

    def chain(self, table, chain):
        self.t[table].setdefault(chain, [])

    def add(self, table, chain, body):
        self.t[table].setdefault(chain, []).append(body)
        self.n += 1


def ip(n):
    return "%d.%d.%d.%d" % (n >> 24 & 255, n >> 16 & 255, n >> 8 & 255, n & 255)


def hexid(rng, n):
    return "%0*x" % (n, rng.getrandbits(4 * n))


def docker(total, rng, ports_per_container):
    r = Rules()
    F, N, M = "filter", "nat", "mangle"
    # ---- sizes -------------------------------------------------------
    # about 45 % published ports (3 rules each), up to 10 % per-network
    # rules (8 each), a little mangle, the rest site rules + blocklists.
    nets = max(2, min(250, total // 160))
    ports = max(2, int(total * 0.45) // 3)
    mangles = max(2, min(2000, total // 50))

    r.add(F, "INPUT", "-i lo -j ACCEPT")
    r.add(F, "INPUT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    r.add(F, "INPUT", "-m conntrack --ctstate INVALID -j DROP")
    r.add(F, "INPUT", "-j SITE-BLOCK")
    r.add(F, "INPUT", "-j SITE-INPUT")
    r.add(F, "INPUT", "-p icmp -m icmp --icmp-type 8 -m limit --limit 5/sec -j ACCEPT")
    r.add(F, "INPUT", "-m limit --limit 10/min -j LOG --log-prefix \"INPUT drop: \"")
    r.add(F, "FORWARD", "-j DOCKER-USER")
    r.add(F, "FORWARD", "-j DOCKER-ISOLATION-STAGE-1")
    r.add(F, "DOCKER-USER", "-j SITE-BLOCK")
    r.add(N, "PREROUTING", "-m addrtype --dst-type LOCAL -j DOCKER")
    r.add(N, "OUTPUT", "! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER")
    for c in ("DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2",
              "DOCKER-USER", "SITE-BLOCK", "SITE-INPUT"):
        r.chain(F, c)
    r.chain(N, "DOCKER")

    # ---- networks ----------------------------------------------------
    net = []
    for i in range(nets):
        br = "docker0" if i == 0 else "br-" + hexid(rng, 12)
        base = (172 << 24) + (17 << 16) + (i << 12)      # /20 each
        if i >= 240:
            base = (10 << 24) + (200 << 16) + ((i - 240) << 12)
        net.append((br, base))
    iso2 = []
    for br, base in net:
        r.add(F, "FORWARD", f"-o {br} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
        r.add(F, "FORWARD", f"-o {br} -j DOCKER")
        r.add(F, "FORWARD", f"-i {br} ! -o {br} -j ACCEPT")
        r.add(F, "FORWARD", f"-i {br} -o {br} -j ACCEPT")
        r.add(F, "DOCKER-ISOLATION-STAGE-1", f"-i {br} ! -o {br} -j DOCKER-ISOLATION-STAGE-2")
        iso2.append(f"-o {br} -j DROP")
        r.add(N, "POSTROUTING", f"-s {ip(base)}/20 ! -o {br} -j MASQUERADE")
        r.add(N, "DOCKER", f"-i {br} -j RETURN")
    r.add(F, "DOCKER-ISOLATION-STAGE-1", "-j RETURN")
    for b in iso2:
        r.add(F, "DOCKER-ISOLATION-STAGE-2", b)
    r.add(F, "DOCKER-ISOLATION-STAGE-2", "-j RETURN")

    # ---- containers with published ports -----------------------------
    svc = [80, 443, 8080, 5432, 3306, 6379, 9090, 9200, 53, 25, 8443, 5000]
    hostips, hostport, cont, left = 0, 8000, 0, ports
    seen = set()             # (addr, proto, port): Docker adds each ACCEPT once
    while left:
        br, base = net[cont % nets]
        host = 2 + (cont // nets) % 4090
        addr = ip(base + host)
        k = min(left, 1 + rng.randrange(ports_per_container * 2 - 1))
        for _ in range(k):
            proto = "udp" if rng.random() < .12 else "tcp"
            cport = rng.choice(svc) if rng.random() < .8 else rng.randrange(1024, 65535)
            while (addr, proto, cport) in seen:
                cport = rng.randrange(1024, 65535)
            seen.add((addr, proto, cport))
            hp = hostport
            hostport += 1
            if hostport > 60000:
                hostport, hostips = 8000, hostips + 1
            bind = "" if hostips == 0 and rng.random() < .8 else \
                "-d %s/32 " % ip((203 << 24) + (113 << 8) + hostips % 250 + 1)
            r.add(N, "DOCKER", f"{bind}! -i {br} -p {proto} -m {proto} --dport {hp} -j DNAT --to-destination {addr}:{cport}")
            r.add(F, "DOCKER", f"-d {addr}/32 ! -i {br} -o {br} -p {proto} -m {proto} --dport {cport} -j ACCEPT")
            r.add(N, "POSTROUTING", f"-s {addr}/32 -d {addr}/32 -p {proto} -m {proto} --dport {cport} -j MASQUERADE")
            left -= 1
        cont += 1

    # ---- mangle ------------------------------------------------------
    r.add(M, "FORWARD", "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu")
    for i in range(mangles - 1):
        br, base = net[rng.randrange(nets)]
        r.add(M, "PREROUTING", f"-s {ip(base + rng.randrange(2, 4090))}/32 -i {br} -p tcp -m tcp --dport {rng.randrange(1, 65535)} -j MARK --set-xmark 0x{1 + i % 250:x}/0xffffffff")

    # ---- site rules + blocklist fill up to the exact total -----------
    tail = 1                         # DOCKER-USER -j RETURN
    rest = total - r.n - tail
    if rest < 4:
        sys.exit("gen.py: RULES too small")
    site = max(3, rest // 12)
    for i in range(site):
        k = i % 6
        src = ip((10 << 24) + rng.randrange(1 << 16) * 256)
        if k == 0:
            r.add(F, "SITE-INPUT", f"-s {src}/24 -p tcp -m tcp --dport {rng.randrange(1, 65535)} -m conntrack --ctstate NEW -j ACCEPT")
        elif k == 1:
            a = sorted(rng.sample(range(1, 65535), 4))
            r.add(F, "SITE-INPUT", f"-s {src}/24 -i eth0 -p tcp -m multiport --dports {','.join(map(str, a))} -m comment --comment \"site rule {i}: ops\" -j ACCEPT")
        elif k == 2:
            lo = rng.randrange(1024, 60000)
            r.add(F, "SITE-INPUT", f"-s {src}/24 -p udp -m udp --dport {lo}:{lo + rng.randrange(1, 2000)} -j ACCEPT")
        elif k == 3:
            r.add(F, "SITE-INPUT", f"-i eth{i % 4} -p tcp -m tcp --dport {rng.randrange(1, 65535)} --tcp-flags FIN,SYN,RST,ACK SYN -m limit --limit 30/sec --limit-burst 60 -j ACCEPT")
        elif k == 4:
            r.add(F, "SITE-INPUT", f"-s {src}/24 ! -i docker0 -p icmp -m icmp --icmp-type 8 -j ACCEPT")
        else:
            r.add(F, "DOCKER-USER", f"-s {src}/24 -i eth0 -p tcp -m conntrack --ctstate NEW --ctorigdstport {rng.randrange(1, 65535)} -j RETURN")
    for i in range(rest - site):
        a = rng.getrandbits(32)
        if (a >> 24) in (0, 10, 127, 172, 192) or (a >> 28) == 14 or (a >> 28) == 15:
            a = (45 << 24) | (a & 0xffffff)
        m = rng.choice((32, 32, 32, 32, 24, 24, 22, 20))
        a &= (0xffffffff << (32 - m)) & 0xffffffff
        c = f" -m comment --comment \"blocklist {i % 97}\"" if i % 3 == 0 else ""
        p = f" -p tcp -m tcp --dport {rng.choice((22, 25, 3389, 445))}" if i % 7 == 0 else ""
        r.add(F, "SITE-BLOCK", f"-s {ip(a)}/{m}{p}{c} -j DROP")
    r.add(F, "DOCKER-USER", "-j RETURN")
    return r


def b32(rng, n=16):
    return "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(n))


def k8s(total, rng):
    """kube-proxy iptables mode: SVC/SEP chains, statistic, comments, recent-free."""
    r = Rules()
    F, N = "filter", "nat"
    r.add(F, "INPUT", "-m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL")
    r.add(F, "INPUT", "-j KUBE-FIREWALL")
    r.add(F, "FORWARD", "-m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD")
    r.add(F, "KUBE-FIREWALL", "! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment \"block incoming localnet connections\" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP")
    r.add(F, "KUBE-FORWARD", "-m conntrack --ctstate INVALID -j DROP")
    r.add(F, "KUBE-FORWARD", "-m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT")
    r.add(F, "KUBE-FORWARD", "-m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    r.chain(F, "KUBE-PROXY-FIREWALL")
    r.add(N, "PREROUTING", "-m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES")
    r.add(N, "OUTPUT", "-m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES")
    r.add(N, "POSTROUTING", "-m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING")
    r.add(N, "KUBE-MARK-MASQ", "-j MARK --set-xmark 0x4000/0x4000")
    r.add(N, "KUBE-POSTROUTING", "-m mark ! --mark 0x4000/0x4000 -j RETURN")
    r.add(N, "KUBE-POSTROUTING", "-j MARK --set-xmark 0x4000/0x0")
    r.add(N, "KUBE-POSTROUTING", "-m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully")
    last = [(N, "KUBE-SERVICES", "-m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")]
    r.chain(N, "KUBE-NODEPORTS")
    s = 0
    while total - r.n - len(last) > 0:
        eps = rng.choice((1, 2, 3, 3, 5, 8))
        need = 1 + 1 + 3 * eps
        if total - r.n - len(last) < need:      # filler: services without endpoints
            while total - r.n - len(last) > 0:
                r.add(F, "KUBE-SERVICES", f"-d 10.111.{s // 250 % 250}.{s % 250}/32 -p tcp -m comment --comment \"ns{s % 40}/idle-{s} has no endpoints\" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable")
                s += 1
            break
        name = f"ns{s % 40}/svc-{s}:http"
        vip = ip((10 << 24) + (96 << 16) + s + 1)
        port = rng.choice((80, 443, 8080, 9090))
        svc = "KUBE-SVC-" + b32(rng)
        r.add(N, "KUBE-SERVICES", f"-d {vip}/32 -p tcp -m comment --comment \"{name} cluster IP\" -m tcp --dport {port} -j {svc}")
        r.add(N, svc, f"! -s 10.244.0.0/16 -d {vip}/32 -p tcp -m comment --comment \"{name} cluster IP\" -m tcp --dport {port} -j KUBE-MARK-MASQ")
        for e in range(eps):
            pod = ip((10 << 24) + (244 << 16) + rng.randrange(1, 65000))
            sep = "KUBE-SEP-" + b32(rng)
            stat = "" if e == eps - 1 else " -m statistic --mode random --probability %.11f" % (int(0x80000000 / (eps - e)) / 0x80000000)
            r.add(N, svc, f"-m comment --comment \"{name} -> {pod}:8080\"{stat} -j {sep}")
            r.add(N, sep, f"-s {pod}/32 -m comment --comment \"{name}\" -j KUBE-MARK-MASQ")
            r.add(N, sep, f"-p tcp -m comment --comment \"{name}\" -m tcp -j DNAT --to-destination {pod}:8080")
        s += 1
    for x in last:
        r.add(*x)
    del r.t["mangle"]
    return r


def emit(r, fmt, counters, out):
    w = out.write
    if fmt == "stats":
        w(json.dumps({t: {"chains": len(c), "rules": sum(map(len, c.values()))} for t, c in r.t.items()}) + "\n")
        return
    pre = "[0:0] " if counters else ""
    for t in ("mangle", "filter", "nat"):
        if t not in r.t:
            continue
        chains = r.t[t]
        names = [c for c, _ in BUILTIN[t]]
        user = sorted(c for c in chains if c not in names)
        if fmt == "sh":
            for c in user:
                w(f"iptables -t {t} -N {c}\n")
        else:
            w(f"# Generated by gen.py\n*{t}\n")
            for c, p in BUILTIN[t]:
                w(f":{c} {p} [0:0]\n")
            for c in user:
                w(f":{c} - [0:0]\n")
        for c in names + user:
            if fmt == "sh":
                for b in chains[c]:
                    w(f"iptables -t {t} -A {c} {b}\n")
            else:
                for b in chains[c]:
                    w(f"{pre}-A {c} {b}\n")
        if fmt != "sh":
            w("COMMIT\n# Completed\n")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("kind", choices=("docker", "k8s"))
    ap.add_argument("rules", type=int)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--ports-per-container", type=int, default=2)
    ap.add_argument("--counters", action="store_true")
    ap.add_argument("--format", choices=("save", "sh", "stats"), default="save")
    a = ap.parse_args()
    rng = random.Random(a.seed)
    r = docker(a.rules, rng, a.ports_per_container) if a.kind == "docker" else k8s(a.rules, rng)
    assert r.n == a.rules, (r.n, a.rules)
    emit(r, a.format, a.counters, sys.stdout)


if __name__ == "__main__":
    main()
