// SPDX-License-Identifier: Apache-2.0
// A child loses its memory to MADV_FREE of its parent. Run as root, with
// cgroup v2 on /sys/fs/cgroup; no swap is needed. With an argument nothing
// is pinned.
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUP "/sys/fs/cgroup/lazyfree"
enum { PAGES = 1024 };

static void put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(2, "%s", file);
	close(fd);
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE), size = PAGES * page;
	struct iovec from, to;
	int go[2], lost = 0, status;
	char *mem, *copy, c = 0;
	pid_t sharer, child;

	put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir(CGROUP, 0755);
	put(CGROUP "/cgroup.procs", "0");
	mem = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || pipe(go))
		err(2, "mmap or pipe");
	copy = mem + size;
	madvise(mem, 2 * size, MADV_NOHUGEPAGE);
	memset(mem, 1, 2 * size);

	// The pages are shared, pinned for reading and so unshared,
	// and shared again.
	sharer = fork();
	if (!sharer)
		for (;;)
			pause();
	from = (struct iovec){ mem, size };
	to = (struct iovec){ copy, size };
	if (argc < 2 &&
	    process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)size)
		err(2, "process_vm_readv");
	child = fork();
	if (!child) {
		if (read(go[0], &c, 1) != 1)
			return 2;
		for (int i = 0; i < PAGES; i++)
			lost += mem[i * page] != 1;
		printf("%d of %d pages are lost\n", lost, PAGES);
		return lost != 0;
	}
	madvise(mem, size, MADV_FREE); // by the parent alone
	put(CGROUP "/memory.high", "1M"); // reclaims
	put(CGROUP "/memory.high", "max");
	if (write(go[1], &c, 1) != 1 || waitpid(child, &status, 0) < 0)
		err(2, "the child");
	kill(sharer, SIGKILL);
	return WEXITSTATUS(status);
}
