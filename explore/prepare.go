package explore

// prepared is where the executions of a program begin: what the root has done
// before it started a task, in which there was no choice.
type prepared struct {
	objects []preparedObject
	first   bool
	know    knowledge
	hash    hash128
	held    []*object
	ops     int
	events  int64
	hashed  bool
}

type preparedObject struct {
	o       *object
	val     uint64
	holder  int8
	readers uint64
	class   string
	num     int
}

// Prepare runs setUp, with which the root begins: it makes the objects that the
// program starts with, as it does in every execution. So it need not be run again
// where Prepare can give the objects the values that they had at its end instead;
// then again is called, and has to do the same for all that setUp leaves in Go
// variables and the tasks change.
func (x *X) Prepare(setUp, again func()) {
	if x == nil {
		setUp()
		return
	}
	if p := x.prepared; p != nil && x.trace == nil && p.hashed == !x.nohash {
		p.restore(x)
		again()
		return
	}
	setUp()
	x.prepare()
}

// prepare keeps the state of an execution in which only the root has run.
func (x *X) prepare() {
	t := x.cur
	if x.ntasks != 1 || x.pos != 0 || x.fast || x.ordered || x.failed || x.moved || x.atomic != 0 ||
		len(x.refine) > 0 || x.trace != nil || t.watch || t.key != nil {
		return
	}
	p := &prepared{
		first: t.first, know: t.know, hash: x.hash, held: append([]*object(nil), t.held...),
		ops: x.ops, events: x.events, hashed: !x.nohash,
	}
	for _, o := range x.list {
		if o.epoch == x.epoch {
			p.objects = append(p.objects, preparedObject{o, o.val, o.holder, o.readers, o.class, o.num})
		}
	}
	x.prepared = p
}

func (p *prepared) restore(x *X) {
	for i := range p.objects {
		s := &p.objects[i]
		o := s.o
		o.epoch, o.val, o.holder, o.readers, o.class, o.num = x.epoch, s.val, s.holder, s.readers, s.class, s.num
	}
	x.hash, x.ops, x.events = p.hash, p.ops, p.events
	t := x.cur
	t.first, t.know = p.first, p.know
	t.held = append(t.held[:0], p.held...)
}
