#!/bin/sh
# The first process of kernel.sh's kernel, which tells it DIRECTORY and SEARCH.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /mnt
mkdir /mnt/host /mnt/disk /mnt/tmp
mount -t hostfs -o "$DIRECTORY" none /mnt/host
hostname kernel
export PATH="$SEARCH" HOME=/mnt/tmp TMPDIR=/mnt/tmp
cd /mnt/tmp || exit
bash /mnt/host/command 2>&1
echo $? >/mnt/host/code
echo o >/proc/sysrq-trigger
sleep 60
