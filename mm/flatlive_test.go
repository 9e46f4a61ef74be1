package mm

import "testing"

// A register that a callee writes for itself is the caller's again behind the call,
// on the only way that leads to who reads it and behind another call.
func TestFlatRegisters(t *testing.T) {
	for name, e := range map[string]effect{
		"test: write": {writes: setV, sure: setV}, "test: decide": {}, "test: read": {reads: setV},
	} {
		effects[name] = e
		defer delete(effects, name)
	}
	seen := 0
	read := act("test: read", "", "", func(_ *Kernel, f *Frame) { seen = f.v })
	write := act("test: write", "", "", func(_ *Kernel, f *Frame) { f.v = 7 })
	for _, result := range []bool{false, true} {
		decide := cond("test: decide", "", "", func(*Kernel, *Frame) bool { return result })
		callee := &Func{Name: "callee", Code: []Instr{
			{Step: write, True: 1, False: 1}, {Step: decide, True: Return, False: ReturnFalse},
		}}
		// then is a decision that leads to an instruction if it is as result is.
		then := func(to int) Instr {
			in := Instr{Step: decide, True: Return, False: Return}
			if result {
				in.True = to
			} else {
				in.False = to
			}
			return in
		}
		call := func(to int) Instr {
			in := then(to)
			in.Step, in.Call = nil, callee
			return in
		}
		for name, code := range map[string][]Instr{
			"call":  {call(1), then(2), {Step: read, True: Return, False: Return}},
			"calls": {call(1), call(2), {Step: read, True: Return, False: Return}},
		} {
			caller := &Func{Name: entries[listFault], Code: code}
			p := &Program{Funcs: map[string]*Func{"callee": callee, caller.Name: caller}}
			p.Seal()
			k := &Kernel{}
			k.Reset(nil, p, Config{Vars: make([]VarConfig, 9)})
			seen = 0
			k.run(listFault, k.Task(0, k.NewMM(nil)), func(f *Frame) { f.v = 3 })
			if seen != 3 {
				t.Errorf("%s, result %v: the caller reads %d, want its own 3", name, result, seen)
			}
		}
	}
}
