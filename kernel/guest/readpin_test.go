//go:build linux

package guest

import "testing"

// A pin for reading is process_vm_readv by a helper, which waits for two pages: one
// when the test reads through the pin, both when it lets go.
func TestReadPinWaitsForItsPages(t *testing.T) {
	const head, tail = "LinuxMM a\n{ anon x = 1; }\n P0 | P1:child ;\n pin x | ;\n", "forall (x=1)\n"
	for what, tc := range map[string]struct {
		ops        string
		gives, ppo int // ioctls that give a page, waits for the helper
	}{
		"held to the end": {"", 0, 1},
		"let go":          {" unpin x | ;\n", 2, 1},
		"read":            {" r0 = load pin(x) | ;\n", 1, 2},
		"read and let go": {" r0 = load pin(x) | ;\n unpin x | ;\n", 3, 2},
	} {
		s := simulate(t, mustParse(t, head+tc.ops+tail))
		n := len(s.b.inst)
		if s.calls[sysProcessVMReadv] != n || s.calls[sysUserfaultfd] != n || s.calls[sysIoUringRegister] != 0 {
			t.Errorf("%s: %d pages: process_vm_readv %d times, userfaultfd %d, io_uring %d", what, n,
				s.calls[sysProcessVMReadv], s.calls[sysUserfaultfd], s.calls[sysIoUringRegister])
		}
		if s.calls[sysIoctl] != (2+tc.gives)*n || s.calls[sysPpoll] != tc.ppo*n {
			t.Errorf("%s: %d pages: ioctl %d times, ppoll %d", what, n, s.calls[sysIoctl], s.calls[sysPpoll])
		}
	}
}

// A page that is pinned for writing at some time is an io_uring's all the time, and a
// helper whose call fails gives no result.
func TestReadPinsAreApart(t *testing.T) {
	s := simulate(t, mustParse(t, "LinuxMM a\n{ anon x = 1; }\n P0 ;\n pin x ;\n unpin x ;\n pin x write ;\nforall (x=1)\n"))
	if n := len(s.b.inst); s.calls[sysProcessVMReadv] != 0 || s.calls[sysIoUringRegister] != 3*n {
		t.Errorf("%d pages: process_vm_readv %d times, io_uring %d", n, s.calls[sysProcessVMReadv], s.calls[sysIoUringRegister])
	}
	s = simulate(t, mustParse(t, "LinuxMM a\n{ anon x = 1; }\n P0 ;\n pin x ;\n unpin x ;\nforall (x=1)\n"))
	if !s.b.valid(0) {
		t.Fatal("an instance without a failure is discarded")
	}
	for i, v := range s.b.inst[0].verify {
		s.b.data.Set(v.pagemap, ^uint64(13)) // -EFAULT
		if s.b.valid(0) {
			t.Errorf("call %d failed, and the instance counts", i)
		}
		s.b.data.Set(v.pagemap, 0)
	}
	if len(s.b.inst[0].verify) != 3 {
		t.Errorf("%d calls are checked", len(s.b.inst[0].verify))
	}
}
