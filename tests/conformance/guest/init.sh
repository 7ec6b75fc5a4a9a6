#!/bin/sh
# Process 1 of the guest: mounts what Node cannot, hands over to inside/main.ts, and ends the machine.
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
for directory in /dev/shm /run /tmp; do mount -t tmpfs tmpfs $directory; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t ext4 -o ro /dev/vdb /soma
insmod /modules/overlay.ko
# Out of the root group: it may hold no process once controllers are handed on, and an engine in it would leave swap without limit.
mkdir /sys/fs/cgroup/system
echo $$ > /sys/fs/cgroup/system/cgroup.procs
echo "+cpu +memory +pids +io" > /sys/fs/cgroup/cgroup.subtree_control
ifconfig lo 127.0.0.1 up
cd /soma && node tests/conformance/guest/inside/main.ts
poweroff -f
