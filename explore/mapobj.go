package explore

import "sync"

// Map is a shared map from numbers to numbers. Operations on different keys
// commute.
type Map struct {
	obj
	native sync.Map
}

// mapKey names the object that stands for one key of one map.
type mapKey struct {
	m   *object
	key uint64
}

// Init prepares m, empty, for x. class and num name it in traces. Natively it can be
// used again, under the explorer once in an execution.
func (m *Map) Init(x *X, class string, num int) {
	if x != nil && m.x == x && m.p.owner == &m.obj && m.p.epoch == x.epoch {
		panic("tagswap internal: a map is made anew in one execution: " + m.String())
	}
	m.init(x, class, num)
	if x == nil {
		m.native.Clear()
	}
}

// at returns the object of a key. Its value is 0 without an entry, else the
// entry plus 1.
func (m *Map) at(key uint64) *obj {
	x := m.x
	k := mapKey{m.p, key}
	o := x.keys[k]
	if o == nil {
		p := x.newObject(m.String()+" key", int(key), int(m.p.maker))
		p.pinned = true
		o = &obj{x, p}
		if x.keys == nil {
			x.keys = map[mapKey]*obj{}
		}
		x.keys[k] = o
	}
	if o.p.epoch != m.p.epoch {
		o.p.epoch, o.p.val = m.p.epoch, 0
	}
	return o
}

// Load returns the entry of key and whether there is one.
func (m *Map) Load(key uint64) (uint64, bool) {
	if m.x == nil {
		v, ok := m.native.Load(key)
		if !ok {
			return 0, false
		}
		return v.(uint64), true
	}
	o := m.at(key)
	o.access(kindRead, "load")
	m.x.cur.observe(o.p.val)
	return o.p.val - min(o.p.val, 1), o.p.val != 0
}

// Store sets the entry of key.
func (m *Map) Store(key, v uint64) {
	if m.x == nil {
		m.native.Store(key, v)
		return
	}
	o := m.at(key)
	o.access(kindWrite, "store")
	o.set(v + 1)
}

// LoadOrStore returns the entry of key, or sets it if there is none.
func (m *Map) LoadOrStore(key, v uint64) (actual uint64, loaded bool) {
	if m.x == nil {
		a, ok := m.native.LoadOrStore(key, v)
		return a.(uint64), ok
	}
	o := m.at(key)
	o.access(kindUpdate, "load or store")
	m.x.cur.observe(o.p.val)
	if !o.changes(ifZero) {
		return o.p.val - 1, true
	}
	o.set(v + 1)
	return v, false
}

// LoadAndDelete removes the entry of key and returns what it was.
func (m *Map) LoadAndDelete(key uint64) (uint64, bool) {
	if m.x == nil {
		v, ok := m.native.LoadAndDelete(key)
		if !ok {
			return 0, false
		}
		return v.(uint64), true
	}
	o := m.at(key)
	o.access(kindUpdate, "load and delete")
	m.x.cur.observe(o.p.val)
	if !o.changes(unlessZero) {
		return 0, false
	}
	v := o.p.val - 1
	o.set(0)
	return v, true
}

// Delete removes the entry of key.
func (m *Map) Delete(key uint64) {
	if m.x == nil {
		m.native.Delete(key)
		return
	}
	o := m.at(key)
	o.access(kindWrite, "delete")
	o.set(0)
}
