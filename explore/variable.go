package explore

import "sync/atomic"

// Var is a plain shared variable. Two tasks that use it without anything that
// orders them, one of them writing, have a data race; it is reported.
type Var struct {
	obj
	v uint64 // natively; read and written atomically, since a wrong program may race
}

// Init prepares v for x with a first value. class and num name it in traces.
func (v *Var) Init(x *X, class string, num int, val uint64) {
	v.init(x, class, num)
	atomic.StoreUint64(&v.v, val)
	v.start(val)
	if x != nil {
		v.p.plain = true
	}
}

// Get returns the value.
func (v *Var) Get() uint64 {
	if v.x == nil {
		return atomic.LoadUint64(&v.v)
	}
	return v.xGet()
}

func (v *Var) xGet() uint64 {
	v.access(kindRead, "read")
	v.x.cur.observe(v.p.val)
	return v.p.val
}

// Set changes the value.
func (v *Var) Set(val uint64) {
	if v.x == nil {
		atomic.StoreUint64(&v.v, val)
		return
	}
	v.xSet(val)
}

func (v *Var) xSet(val uint64) {
	v.access(kindWrite, "write")
	v.set(val)
}

// dataRaces looks for two tasks that are about to use one plain variable, one of
// them to write. Only variables whose uses are not ordered by locks ever become
// scheduling points, so that it is asked seldom. Every race shows like this in
// some interleaving.
func (x *X) dataRaces(t *task) {
	p := &t.pend
	if p.obj == nil || !p.obj.plain {
		return
	}
	for _, u := range x.tasks[:x.ntasks] {
		q := &u.pend
		if u == t || u.done || q.obj != p.obj || p.access == kindRead && q.access == kindRead {
			continue
		}
		x.raced(p.obj, u, q.access, t, p.access)
	}
}

func (p *object) isPlain() bool { return p != nil && p.plain }

func (x *X) raced(o *object, u *task, a kind, t *task, b kind) {
	verb := func(k kind) string {
		if k == kindRead {
			return "reads"
		}
		return "writes"
	}
	x.report("data-race", u.name+" "+verb(a)+" and "+t.name+" "+verb(b)+" "+o.String()+" at the same time")
}

// Drop takes the variable out of the state; see Atomic.Drop.
func (v *Var) Drop() { v.drop() }
