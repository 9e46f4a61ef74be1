package mm

import (
	"reflect"
	"testing"
	"unsafe"
)

// A register that the hash forgets would make a search merge states that differ.
// So every field of what a task knows has to change the hash.
func TestEveryRegisterIsKnown(t *testing.T) {
	fn, other := &Func{id: 1}, &Func{id: 2}
	folio, m := &Folio{pfn: 3}, &MM{ID: 3}
	set := func(v reflect.Value) {
		v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
		switch x := v.Interface().(type) {
		case *Func:
			v.Set(reflect.ValueOf(other))
		case *Folio:
			v.Set(reflect.ValueOf(folio))
		case *MM:
			v.Set(reflect.ValueOf(m))
		case bool:
			v.SetBool(!x)
		default:
			if v.CanInt() {
				v.SetInt(5)
			} else {
				v.SetUint(5)
			}
		}
	}
	for _, c := range []struct {
		of    any
		known func(any) uint64
		skip  map[string]string // field, and why it need not be known
	}{
		{Frame{fn: fn}, func(v any) uint64 { f := v.(*Frame); return f.hash(1) }, map[string]string{"t": "the task itself", "flat": "natively", "saved": "natively"}},
		{seen{}, func(v any) uint64 { return v.(*seen).hash(1) }, nil},
	} {
		typ := reflect.TypeOf(c.of)
		for i := range typ.NumField() {
			name := typ.Field(i).Name
			if c.skip[name] != "" {
				continue
			}
			a, b := reflect.New(typ), reflect.New(typ)
			a.Elem().Set(reflect.ValueOf(c.of))
			b.Elem().Set(reflect.ValueOf(c.of))
			set(b.Elem().Field(i))
			if c.known(a.Interface()) == c.known(b.Interface()) {
				t.Errorf("%s.%s does not change what the task is taken to know", typ.Name(), name)
			}
		}
	}
}

// What a task keeps between its step lists is known too.
func TestTaskStateIsKnown(t *testing.T) {
	k := &Kernel{Cfg: Config{Vars: []VarConfig{{}}, Holds: true}}
	change := map[string]func(*Task){
		"base": func(t *Task) { t.base = 1 }, "ret": func(t *Task) { t.ret = Bus }, "tried": func(t *Task) { t.tried = true },
		"mmapped": func(t *Task) { t.mmapped = true }, "at": func(t *Task) { t.at = 1 }, "other": func(t *Task) { t.other = 1 },
		"misses": func(t *Task) { t.misses = 1 }, "runs": func(t *Task) { t.runs = 1 },
		"held": func(t *Task) { t.held[0].folio = &Folio{pfn: 1} },
	}
	for name, f := range change {
		a, b := &Task{}, &Task{}
		a.held, b.held = make([]hold, 1), make([]hold, 1)
		f(b)
		if k.private(a) == k.private(b) {
			t.Errorf("Task.%s does not change what the task is taken to know", name)
		}
	}
}
