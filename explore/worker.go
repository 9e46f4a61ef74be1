package explore

// worker is one of a pool: it takes pieces of the search and runs executions until they
// are done, and halts between two of them when somebody asks.
type worker struct {
	p    *pool
	x    *X
	prog func(*X)
	part part
	it   *work // what it works on
	drop bool  // the search began again; protected by pool.mu
	seen int   // names that several objects have, when it looked last
}

// begun goes on with a search that one worker had begun.
func (w *worker) begun() {
	defer w.caught()
	w.explore()
}

func (w *worker) guarded() {
	defer w.caught()
	w.work()
}

// caught ends the search when a mistake of the tool comes out of a worker.
func (w *worker) caught() {
	if r := recover(); r != nil {
		p := w.p
		p.mu.Lock()
		p.crash, p.over = r, true
		p.wake.Broadcast()
		p.mu.Unlock()
		p.attention.Store(true)
	}
}

func (w *worker) work() {
	for w.take() {
		if !w.part.load(w, w.it) || w.unsettled() {
			continue
		}
		w.run()
		if w.unsettled() {
			continue
		}
		w.next()
	}
}

// next goes on until the piece is done.
func (w *worker) next() {
	for w.part.Next(w.x) {
		if w.unsettled() || !w.between() {
			return
		}
		w.run()
	}
	if w.x.refused != "" {
		w.p.ask(wants{stop: true}, w.x.refused)
	}
	w.unsettled()
}

// explore goes on with a search whose next execution is prepared.
func (w *worker) explore() {
	w.run()
	w.next()
}

// run is one execution.
func (w *worker) run() {
	x := w.x
	x.drive(w.prog)
	if x.atEnd != nil {
		x.atEnd()
	}
	res := x.sink.res
	res.Executions++
	res.Events += x.events
	switch {
	case x.over:
		w.p.ask(wants{stop: w.p.o.strict}, "events")
	case x.refused != "":
		w.p.ask(wants{stop: true}, x.refused)
	}
	if n := w.p.executed.Add(1); w.p.o.MaxExecutions > 0 && n >= w.p.o.MaxExecutions {
		w.p.ask(wants{stop: true}, "executions")
	}
}

// unsettled says whether what this worker has found makes the search begin again.
func (w *worker) unsettled() bool {
	x := w.x
	if !x.restarted && len(x.refine) == 0 && !x.moved && len(x.names.shared) == w.seen && !x.names.irregular {
		return false
	}
	x.restarted = false
	w.p.ask(wants{restart: true}, "")
	return true
}

// between is called between two executions: it gives work away, looks at the
// clock, and halts if somebody asks for it. It is false if the piece is to be left.
func (w *worker) between() bool {
	p := w.p
	if w.x.poll.due(w.x.events) {
		p.look()
	}
	if p.attention.Load() {
		return w.halt()
	}
	if p.hungry.Load() > 0 {
		if its := w.part.split(w); len(its) > 0 {
			p.mu.Lock()
			p.queue = append(p.queue, its...)
			p.starve()
			p.wake.Broadcast()
			p.mu.Unlock()
		}
		return !w.unsettled()
	}
	return true
}

// take waits for a piece of work; false: the search is over.
func (w *worker) take() bool {
	p := w.p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle++
	defer func() {
		p.idle--
		p.starve()
	}()
	for {
		if p.over {
			p.wake.Broadcast()
			return false
		}
		if p.attention.Load() {
			if p.idle+p.halted == len(p.workers) {
				p.act()
				continue
			}
			p.wake.Wait()
			continue
		}
		w.drop, w.it = false, nil
		p.starve()
		if n := len(p.queue); n > 0 {
			w.it = p.queue[n-1]
			p.queue = p.queue[:n-1]
			p.handed++
			if w.it.frame != nil {
				w.it.frame.queued = false
			}
			return true
		}
		if p.idle == len(p.workers) {
			p.end()
			continue
		}
		p.wake.Wait()
	}
}

// halt waits until all others halt, or are idle. It is false if the piece is to
// be left.
func (w *worker) halt() bool {
	p := w.p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.halted++
	turn := p.turn
	for turn == p.turn && !p.over {
		if p.idle+p.halted == len(p.workers) {
			p.act()
			break
		}
		p.wake.Wait()
	}
	p.halted--
	drop := w.drop
	w.drop = false
	return !drop && !p.over
}

// room says whether one more worker may come.
func (o *Options) room() bool {
	if o.Spare == nil {
		return true
	}
	select {
	case o.Spare <- struct{}{}:
		return true
	default:
		return false
	}
}

// leave makes room for another.
func (o *Options) leave() {
	if o.Spare != nil {
		<-o.Spare
	}
}
