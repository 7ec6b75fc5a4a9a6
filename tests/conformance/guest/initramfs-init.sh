#!/bin/busybox sh
# Loads the disk's driver and hands over to /init of the disk.
B=/bin/busybox
$B mount -t devtmpfs dev /dev
for round in 1 2 3; do for module in /modules/*.ko; do $B insmod "$module" 2>/dev/null; done; done
tries=0; while [ ! -b /dev/vda ] && [ $tries -lt 100 ]; do $B sleep 0.1; tries=$((tries + 1)); done
$B mount -t ext4 /dev/vda /root
$B umount /dev
exec $B switch_root /root /init
