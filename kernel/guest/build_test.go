//go:build linux

package guest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"tagswap/kernel/engine"
	"tagswap/litmus"
)

// everything is a machine on which all that the guest knows can be run.
var everything = Machine{MTE: true, KSM: true, Pin: true, ReadPin: true, Disk: 2, Sync: 2, Reclaim: true,
	Fail: []string{"alloc_folio", "mte_alloc_tag_storage"}}

// sim runs programs as the assembly would, without a kernel: system calls do
// nothing, clone starts a task, barriers wait. It finds programs that do not end.
type sim struct {
	t     *testing.T
	b     *build
	tasks []*simTask
	calls map[uint64]int
	naps  map[uint64]bool // by word waited for
	fault bool            // checked accesses fault
}

type simTask struct {
	pc   uint64
	add  bool // the barrier at pc has been entered
	over bool
}

func (s *sim) fetch(addr uint64) (w [12]uint64) {
	b := s.b.code.Bytes(addr, engine.InstrSize)
	for i := range w {
		w[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return w
}

func (s *sim) arg(w [12]uint64, i int) uint64 {
	if w[8]>>i&1 != 0 {
		return s.b.data.Get(w[2+i])
	}
	return w[2+i]
}

func (s *sim) step(k *simTask) (moved bool) {
	w := s.fetch(k.pc)
	next := k.pc + engine.InstrSize
	switch op := engine.OpCode(w[0]); op {
	case engine.Exit:
		k.over = true
	case engine.Syscall:
		s.calls[w[9]]++
		k.over = w[9] == sysExitGroup
	case engine.Barrier, engine.WaitGE:
		a := s.arg(w, 0)
		s.naps[a] = w[4] == 1
		if op == engine.Barrier && !k.add {
			s.b.data.Set(a, s.b.data.Get(a)+1)
			k.add = true
			moved = true
		}
		if s.b.data.Get(a) < s.arg(w, 1) {
			return moved
		}
		k.add = false
	case engine.Clone:
		s.tasks = append(s.tasks, &simTask{pc: w[11]})
	case engine.Add:
		s.b.data.Set(s.arg(w, 0), s.b.data.Get(s.arg(w, 0))+s.arg(w, 1))
	case engine.Store:
		if a := s.arg(w, 0); a >= s.b.pid[0] && a <= s.b.merged {
			s.b.data.Set(a, s.arg(w, 1))
		}
	case engine.SkipEq:
		if s.arg(w, 0) == s.arg(w, 1) {
			next += engine.InstrSize * s.arg(w, 2)
		}
	case engine.Load:
		if s.fault && w[3] == 0 && w[10] != 0 {
			s.b.data.Set(w[10], 11<<32|9)
		}
	case engine.Move, engine.SetTag, engine.GetTag, engine.Delay, engine.TagPage, engine.GetTags:
	default:
		s.t.Fatalf("operation code %d", w[0])
	}
	k.pc = next
	return true
}

// host does what the Go side does while tasks run.
func (s *sim) host() (moved bool) {
	b := s.b
	for t := range b.t.Tasks {
		if b.data.Get(b.leaving[t]) != 0 && b.data.Get(b.gone[t]) == 0 {
			b.data.Set(b.gone[t], 1)
			moved = true
		}
	}
	for _, p := range [][2]uint64{{b.merged, b.data.Get(b.mergeWant)}, {b.filled, b.data.Get(b.fillMe)}} {
		if b.data.Get(p[0]) < p[1] {
			b.data.Set(p[0], p[1])
			moved = true
		}
	}
	return moved
}

func simulate(t *testing.T, test *litmus.Test) *sim { return simulateFaulting(t, test, false) }

func simulateFaulting(t *testing.T, test *litmus.Test, fault bool) *sim {
	t.Helper()
	p, reason := NewPlan(test, everything)
	if p == nil {
		t.Skip(reason)
	}
	code, err := engine.NewRegion(96 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { code.Close() })
	data, err := engine.NewRegion(32 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	s := &sim{t: t, b: newBuild(p, code, data, true, []string{"/dev/a", "/dev/b", "/dev/c"}), calls: map[uint64]int{}, naps: map[uint64]bool{}, fault: fault}
	s.b.data.Set(s.b.released, 1)
	for _, r := range s.b.roots {
		s.tasks = append(s.tasks, &simTask{pc: r.prog})
	}
	for moved := true; moved; {
		moved = s.host()
		for i := 0; i < len(s.tasks); i++ {
			for !s.tasks[i].over && s.step(s.tasks[i]) {
				moved = true
			}
		}
	}
	for i, k := range s.tasks {
		if !k.over {
			w := s.fetch(k.pc)
			t.Errorf("task %d waits for ever at operation %d (%#x, wants %d)", i, w[0], w[2], w[3])
		}
	}
	if want := len(test.Tasks); len(s.tasks) < want {
		t.Errorf("%d tasks ran, the test has %d", len(s.tasks), want)
	}
	return s
}

// TestEveryCatalogueTestEnds builds each test and runs its control flow.
func TestEveryCatalogueTestEnds(t *testing.T) {
	tests, err := litmus.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.Name, func(t *testing.T) { simulate(t, test) })
	}
}

func mustParse(t *testing.T, src string) *litmus.Test {
	t.Helper()
	test, err := litmus.Parse("test.litmus", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return test
}

func TestRelationsAndExits(t *testing.T) {
	for name, src := range map[string]string{
		"thread exits":  "LinuxMM a\n{ anon x = 1; }\n P0 | P1 ;\n store x 2 | exit ;\nforall (x=2)\n",
		"leader exits":  "LinuxMM a\n{ anon x = 1; }\n P0 | P1 ;\n exit | store x 2 ;\nforall (1:x=2)\n",
		"child exits":   "LinuxMM a\n{ anon x = 1; }\n P0 | P1:child ;\n store x 2 | exit ;\nforall (x=2)\n",
		"parent exits":  "LinuxMM a\n{ anon x = 1; }\n P0 | P1:child ;\n exit | store x 2 ;\nforall (1:x=2)\n",
		"forked exits":  "LinuxMM a\n{ anon x = 1; }\n P0 | P1 ;\n fork P1 | exit ;\nforall (x=1)\n",
		"child threads": "LinuxMM a\n{ anon x = 1; }\n P0 | P1:child | P2:thread(P1) ;\n store x 2 | store x 3 | store x 4 ;\nforall (x=2)\n",
		"barriers":      "LinuxMM a\n{ anon x = 1; }\n P0 | P1 ;\n barrier | barrier ;\n barrier b | barrier b ;\nforall (x=1)\n",
	} {
		t.Run(name, func(t *testing.T) { simulate(t, mustParse(t, src)) })
	}
}

func TestPlanSaysWhatIsMissing(t *testing.T) {
	for _, tc := range []struct {
		m    Machine
		src  string
		want string
	}{
		{Machine{Sync: 1}, "LinuxMM a\n{ anon x = 1:red; }\n P0 ;\n r0 = load x ;\nforall (0:r0=1)\n", "no MTE"},
		{Machine{Sync: 1}, "LinuxMM a\nSwap=async,slots:8\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (0:r0=1)\n", "asynchronous"},
		{Machine{}, "LinuxMM a\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (0:r0=1)\n", "synchronous"},
		{Machine{Sync: 1}, "LinuxMM a\n{ anon x = 1; anon y = 1; }\n P0 ;\n merge x y ;\nforall (x=1)\n", "KSM"},
		{everything, "LinuxMM a\n{ anon x = 1; }\n P0 ;\n slotcache off ;\nforall (slots=1)\n", "slots cannot be counted"},
		{Machine{Sync: 1}, "LinuxMM a\nFail=mte_alloc_tag_storage\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (x=1)\n", "fault injection"},
		{everything, "LinuxMM a\nFail=alloc_folio:2\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (x=1)\n", "only the first"},
		{everything, "LinuxMM a\nFail=swap_duplicate\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (x=1)\n", "passes 62"},
		{everything, "LinuxMM a\nFail=add_to_swap\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (x=1)\n", "xarray"},
		{Machine{Sync: 1, Pin: true}, "LinuxMM a\n{ anon x = 1; }\n P0 | P1:child ;\n pin x | ;\nforall (x=1)\n", "userfaultfd"},
		{Machine{Sync: 1, ReadPin: true}, "LinuxMM a\n{ anon x = 1; }\n P0 ;\n pin x write ;\nforall (x=1)\n", "io_uring"},
		{everything, "LinuxMM a\n{ anon x = 1; }\n P0 ;\n pin x ;\n r0 = load pin(x) ;\n r1 = load pin(x) ;\nforall (x=1)\n", "read once"},
		{everything, "LinuxMM a\n{ anon x = 1; }\n P0 | P1 ;\n pin x | exit ;\nforall (x=1)\n", "outlive"},
		{Machine{Sync: 1, Cache: CacheStuck}, "LinuxMM a\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (x=1)\n", "swapoff them first"},
	} {
		p, reason := NewPlan(mustParse(t, tc.src), tc.m)
		if p != nil || !strings.Contains(reason, tc.want) {
			t.Errorf("%+v: plan %v, reason %q, want one about %q", tc.m, p != nil, reason, tc.want)
		}
	}
	p, _ := NewPlan(mustParse(t, "LinuxMM a\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (0:r0=1 /\\ slots=0 /\\ records=0)\n"), Machine{Sync: 1})
	if p == nil || p.MTE || p.Instances != 1 || len(p.Hidden) != 1 {
		t.Errorf("content only, slots observed: %+v", p)
	}
}

// Above 640 free slots two CPUs turn the slot cache on, below 256 off, and in
// between it stays as it was: what a test says of it must not depend on the one
// before.
func TestSlotCacheIsOffOrOnAsAsked(t *testing.T) {
	tests, err := litmus.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		p, _ := NewPlan(test, everything)
		if p == nil {
			continue
		}
		free := 0
		for i := range p.Slots {
			free += p.Slots[i] - p.Used[i]
		}
		if test.Machine.SlotCache.On && free <= 640 || !test.Machine.SlotCache.On && free >= 256 {
			t.Errorf("%s: %d free slots", test.Name, free)
		}
	}
}

// A signal ends a task: what follows a faulting access is left out, but others
// do not wait for ever.
func TestFaultEndsTheTask(t *testing.T) {
	const src = "LinuxMM a\n{ anon x = 1:red; }\n P0 | P1 | P2 ;\n r0 = load x:blue | barrier | r1 = load x ;\n" +
		" madvise x dontneed | | ;\n fork P2 | | ;\n barrier | | ;\nforall (0:r0=1)\n"
	test := mustParse(t, src)
	usual := simulate(t, test).calls[sysMadvise]
	faulting := simulateFaulting(t, test, true).calls[sysMadvise]
	if usual-faulting != 16 { // forks: 16 instances
		t.Errorf("madvise is called %d times without a fault and %d times after one", usual, faulting)
	}
}

func ExampleStateKey() {
	t, err := litmus.Parse("x", []byte("LinuxMM a\n{ anon x = 1:red; }\n P0 ;\n r0 = tag(x) ;\nforall (x=1 /\\ 0:r0=red /\\ records=0)\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(StateKey(Visible(t), func(l litmus.Loc) int { return 1 }))
	// Output: x=1; 0:r0=red;
}
