package mm_test

import (
	"testing"

	"tagswap/design"
	"tagswap/mm"
)

// BenchmarkPageOutIn pages one tagged page out and in, natively, with one task.
func BenchmarkPageOutIn(b *testing.B) {
	for _, name := range []string{"v6.5", "v7.2"} {
		for _, tagged := range []bool{false, true} {
			what := name + "/plain"
			flags := uint64(mm.VMWrite)
			if tagged {
				what, flags = name+"/tagged", flags|mm.VMMTE
			}
			b.Run(what, func(b *testing.B) {
				d, err := design.Lookup(name)
				if err != nil {
					b.Fatal(err)
				}
				p, err := design.Compile(d)
				if err != nil {
					b.Fatal(err)
				}
				var k mm.Kernel
				k.Reset(nil, p, mm.Config{
					Areas: []mm.AreaConfig{{Slots: 8}}, Vars: []mm.VarConfig{{Name: "x"}}, LRU: true,
				})
				m := k.NewMM(nil)
				k.Map(m, 0, flags)
				t := k.Task(1, m)
				b.ReportAllocs()
				for n := uint64(0); b.Loop(); n++ {
					k.Do(t, mm.Access{Var: 0, Write: true, Value: n})
					k.MadvisePageout(t, m, 0)
				}
				if got := k.MajorFaults(t); got == 0 {
					b.Error("nothing was paged in")
				}
			})
		}
	}
}
