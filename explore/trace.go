package explore

// Event is one operation of one execution, for people to read.
type Event struct {
	Task   int
	Object string // class and number of the object; "" for a note
	Op     string // load, store, lock, … or the text of a note
	Before uint64 // the object's value before, where it has one
	Value  uint64 // and afterwards
}

// Trace is the events of one execution.
type Trace struct {
	Events []Event
	Names  []string // of the tasks
	last   *object  // of the last event, whose effect is not known yet
}

func (tr *Trace) add(x *X, t *task, o *obj, what string) {
	tr.settle()
	e := Event{Task: t.id, Op: what}
	if o != nil {
		e.Object, e.Before = o.String(), o.p.val
		tr.last = o.p
	}
	tr.Events = append(tr.Events, e)
}

// settle completes the last event: its effect is there when the next begins.
func (tr *Trace) settle() {
	if tr.last != nil {
		tr.Events[len(tr.Events)-1].Value = tr.last.val
		tr.last = nil
	}
}

// Tracing says whether somebody will read this execution, so that notes need
// only be made then.
func (x *X) Tracing() bool { return x != nil && x.trace != nil }

// Note adds a line to the trace, if there is one, in the running task's column.
func (x *X) Note(text string) {
	if x.Tracing() {
		x.trace.settle()
		x.trace.Events = append(x.trace.Events, Event{Task: x.cur.id, Op: text})
	}
}
