package explore

// Event is one operation of one execution, for people to read.
type Event struct {
	Task   int
	Object string // class and number of the object; "" for a note
	Op     string // load, store, lock, … or the text of a note
	Value  uint64 // the object's value afterwards, where it has one
}

// Trace is the events of one execution and the choices that led to it.
type Trace struct {
	Events  []Event
	Choices []uint8 // the task chosen at every scheduling point
	Names   []string
}

func (tr *Trace) add(x *X, t *task, o *obj, what string) {
	tr.Events = append(tr.Events, Event{Task: t.id, Object: o.String(), Op: what})
}

// Tracing says whether somebody will read this execution, so that notes need
// only be made then.
func (x *X) Tracing() bool { return x != nil && x.trace != nil }

// Note adds a line to the trace, if there is one, in the running task's column.
func (x *X) Note(text string) {
	if x.Tracing() {
		x.trace.Events = append(x.trace.Events, Event{Task: x.cur.id, Op: text})
	}
}
