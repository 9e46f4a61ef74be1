package litmus

import (
	"flag"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestSmoke(t *testing.T) {
	src := "LinuxMM store-small-swap\n\"The sole owner stores to a swapped-out page whose slot is freed at once.\"\nSwap=sync,slots:8\nSlotCache=off\n{ anon x = 1:red; 0:swapped(x); }\n P0          ;\n store x 2   ;\n r1 = tag(x) ;\nforall (0:r1=red)\n"
	x, err := Parse("a", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if Format(x) != src {
		t.Fatal(Format(x))
	}
	_, err = Parse("b", []byte("LinuxMM\nSwop=1\n{ anone x = 1; 0:swaped(x); }\n P0 | P2 ;\nstoer x 2 | ;\nr1 = laod x | store x:rad 3;\nforall (0:r1=blu /\\ x=2 => y=1)"))
	t.Log("\n", err)
}
