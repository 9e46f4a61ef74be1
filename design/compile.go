package design

import (
	"tagswap/mm"
)

// Compile turns a design into a program of package mm's steps. It returns
// Errors when Check finds any; warnings do not stop it.
func Compile(d *Design) (*mm.Program, error) { return Default().Compile(d) }

// Check returns everything that can be said against a design, warnings too.
func Check(d *Design) Errors { return Default().Check(d) }

// Compile is the function Compile with this registry.
func (r *Registry) Compile(d *Design) (*mm.Program, error) {
	u, errs := r.build(d)
	if err := errs.Fatal(); err != nil {
		return nil, err
	}
	p := &mm.Program{Name: d.Name, Funcs: map[string]*mm.Func{}}
	for name, b := range u.bodies {
		f := &mm.Func{Name: name, HasBody: true}
		for _, reg := range b.fn.Returns {
			f.Returns = append(f.Returns, mm.Reg(reg.Text))
		}
		p.Funcs[name] = f
	}
	for name, b := range u.bodies {
		f := p.Funcs[name]
		for _, o := range b.ops {
			f.Code = append(f.Code, mm.Instr{Step: o.step, Call: p.Funcs[o.call], Arg: o.arg,
				True: o.yes, False: o.no, Line: o.pos.Line})
		}
	}
	p.Seal()
	return p, nil
}

// Check is the function Check with this registry.
func (r *Registry) Check(d *Design) Errors {
	_, errs := r.build(d)
	return errs
}

// body is a lowered function.
type body struct {
	fn  Resolved
	ops []op // without bare jumps, except for one that may come first
}

// unit is a design on its way to a program.
type unit struct {
	*index
	design *Design
	fns    map[string]Resolved
	order  []string
	bodies map[string]*body
	errs   Errors
}

// build binds, lowers and checks a design.
func (r *Registry) build(d *Design) (*unit, Errors) {
	u := &unit{index: r.index(), design: d, bodies: map[string]*body{}}
	if err := (Loader{}).Link(d); err != nil {
		return u, err.(Errors)
	}
	u.fns, u.order = d.Resolve(), d.Order()
	u.bind()
	if u.errs.Fatal() == nil {
		u.lower()
	}
	if u.errs.Fatal() == nil {
		u.locks()
	}
	return u, u.errs.sorted()
}

// lower lowers every function and checks what can be jumped to.
func (u *unit) lower() {
	for _, name := range u.order {
		fn := u.fns[name]
		ops := lower(u.index, fn, u.fns)
		u.dead(fn, ops)
		ops, ok := thread(ops)
		if !ok {
			u.fail(fn, fn.Pos, "function %s has a loop of nothing but jumps", name)
		}
		u.bodies[name] = &body{fn, ops}
	}
	if u.errs.Fatal() == nil {
		u.idle()
	}
}

func (u *unit) fail(fn Resolved, pos Pos, format string, args ...any) {
	u.errs.add(fn.Design.File, pos, format, args...)
}
