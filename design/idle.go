package design

import "tagswap/mm"

// quiet is what a function does that may not run any step.
type quiet int

const (
	steps        quiet = iota + 1 // it runs a step, whatever happens
	quietTrue                     // it runs none, and its result is true
	quietFalse                    // … is false
	quietForever                  // it loops without a step
)

// idlers finds loops that run no step: they would never end. Only a step can
// send a path two ways, so that from each place one path without steps leads on.
type idlers struct {
	u    *unit
	memo map[string]quiet
}

// idle reports loops that call functions without steps and run no step themselves.
func (u *unit) idle() {
	x := &idlers{u, map[string]quiet{}}
	for _, n := range u.order {
		b := u.bodies[n]
		for i := range b.ops {
			if x.after(b, i) == quietForever && x.fn(b.ops[i].call) != quietForever {
				u.fail(b.fn, b.ops[i].pos, "a loop without any step")
				break
			}
		}
	}
}

// fn says what a function does; no name is a bare jump.
func (x *idlers) fn(name string) quiet {
	if name == "" {
		return quietTrue
	}
	if x.memo[name] == 0 {
		x.memo[name] = x.after(x.u.bodies[name], 0)
	}
	return x.memo[name]
}

// after says what a function does from one op on.
func (x *idlers) after(b *body, at int) quiet {
	for range len(b.ops) + 1 {
		o := &b.ops[at]
		if o.step != nil {
			return steps
		}
		q := x.fn(o.call)
		switch q {
		case quietTrue:
			at = o.yes
		case quietFalse:
			at = o.no
		default:
			return q
		}
		if at == mm.Return {
			return quietTrue
		} else if at == mm.ReturnFalse {
			return quietFalse
		}
	}
	return quietForever
}
