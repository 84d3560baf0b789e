#!/bin/sh
# machine.sh DIR CGROUP - a systemd of its own in namespaces, for tests.
#
# It runs in a network, process, mount, host name, IPC and cgroup namespace; nothing of the machine
# is changed: /usr is there read-only, /proc/sys and /sys cannot be written, and of /etc and /var the
# machine has its own in DIR/etc and DIR/var, which outlive it. DIR/opt is its /opt. CGROUP is a
# folder of the cgroup2 file system. The machine ends with this process.
set -eu
dir=$1 cgroup=$2
mkdir -p "$cgroup" "$dir/root" "$dir/etc" "$dir/var/lib" "$dir/opt"
echo $$ >"$cgroup/cgroup.procs"
exec setpriv --pdeathsig KILL unshare --mount --net --uts --ipc --pid --cgroup --fork --kill-child \
    sh -c '
set -eu
dir=$1
mount --make-rprivate /
mount -t tmpfs tmpfs "$dir/root"
cd "$dir/root"
mkdir -p usr etc var run tmp proc sys dev root opt old
for link in bin sbin lib lib32 lib64; do [ ! -L "/$link" ] || cp -a "/$link" "$link"; done
mount --bind /usr usr
mount -o remount,bind,ro usr
for folder in etc var opt; do mount --bind "$dir/$folder" "$folder"; done
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs dev
for node in null zero full random urandom tty; do : >"dev/$node"; mount --bind "/dev/$node" "dev/$node"; done
mount -t tmpfs tmpfs run
mkdir -p etc/systemd/system
cp -a /etc/passwd /etc/group /etc/ld.so.cache /etc/alternatives etc/
printf "%032d\n" 1 >etc/machine-id
ln -sfn /lib/systemd/system/multi-user.target etc/systemd/system/default.target
# What would look after hardware, users or the kernel: there is none of that here.
for unit in dbus.service dbus.socket dev-hugepages.mount getty.target proc-sys-fs-binfmt_misc.automount \
    sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    systemd-binfmt.service systemd-hwdb-update.service systemd-journald-audit.socket systemd-logind.service \
    systemd-modules-load.service systemd-random-seed.service systemd-remount-fs.service systemd-sysctl.service \
    systemd-sysusers.service systemd-timesyncd.service systemd-tmpfiles-setup-dev.service \
    systemd-tmpfiles-setup-dev-early.service systemd-udev-trigger.service systemd-udevd.service \
    systemd-update-utmp.service systemd-networkd.service systemd-resolved.service; do
    ln -sfn /dev/null "etc/systemd/system/$unit"
done
ip link set lo up
pivot_root . old
umount -l old
rmdir old
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --show-status=0 --log-target=journal
' sh "$dir"
