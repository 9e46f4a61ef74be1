package litmus

func check(t *Test, spots [][]spot, errs *Errors) {}
