package mm

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write effects_data.go")

// effects_data.go is what the source of the steps says.
func TestEffects(t *testing.T) {
	got := newReader(t).file()
	const name = "effects_data.go"
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("effects_data.go is not what the steps do; run go test ./mm -run Effects -update")
	}
}

// reader reads from the source what steps do with registers.
type reader struct {
	t      *testing.T
	fset   *token.FileSet
	fields []string                 // of Frame that are registers, in the order of regSet's bits
	funcs  map[string]*ast.FuncDecl // by receiver's type and name
	steps  map[string][3]map[string]bool
}

// notRegisters are the fields of Frame that belong to the interpreter.
var notRegisters = []string{"t", "fn", "pc", "flat", "saved"}

func newReader(t *testing.T) *reader {
	r := &reader{t: t, fset: token.NewFileSet(), funcs: map[string]*ast.FuncDecl{}, steps: map[string][3]map[string]bool{}}
	pkgs, err := parser.ParseDir(r.fset, ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	files := pkgs["mm"]
	ast.Inspect(files, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			r.funcs[receiver(n)+n.Name.Name] = n
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok && n.Name.Name == "Frame" {
				r.fields = registers(s)
			}
		}
		return true
	})
	ast.Inspect(files, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			r.step(call)
		}
		return true
	})
	for _, s := range Steps() {
		if _, ok := r.steps[s.Name]; !ok {
			t.Errorf("the source of step %s is not found", s.Name)
		}
	}
	return r
}

func receiver(n *ast.FuncDecl) string {
	if n.Recv == nil {
		return ""
	}
	x := n.Recv.List[0].Type
	if p, ok := x.(*ast.StarExpr); ok {
		x = p.X
	}
	return x.(*ast.Ident).Name + "."
}

func registers(s *ast.StructType) (names []string) {
	for _, f := range s.Fields.List {
		for _, n := range f.Names {
			if !slices.Contains(notRegisters, n.Name) {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

// step notes a call that makes a step.
func (r *reader) step(call *ast.CallExpr) {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		if f.Name == "flagCond" {
			r.note(call, &ast.FuncLit{}) // it reads folio, see below
			r.steps[r.name(call)][0]["folio"] = true
			return
		}
		if !slices.Contains([]string{"act", "cond", "withArg"}, f.Name) {
			return
		}
		if lit, ok := call.Args[len(call.Args)-1].(*ast.FuncLit); ok {
			r.note(call, lit)
		}
	case *ast.SelectorExpr:
		if f.Sel.Name == "withNumbers" {
			r.note(innermost(f.X), call.Args[len(call.Args)-1].(*ast.FuncLit))
		}
	}
}

// innermost is the call of cond under calls of methods.
func innermost(x ast.Expr) *ast.CallExpr {
	call := x.(*ast.CallExpr)
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		return innermost(sel.X)
	}
	return call
}

func (r *reader) name(call *ast.CallExpr) string {
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func (r *reader) note(call *ast.CallExpr, lit *ast.FuncLit) {
	name := r.name(call)
	if name == "" {
		return // in a helper that makes steps
	}
	u := [3]map[string]bool{{}, {}, {}}
	if lit.Body != nil {
		r.use(lit.Type, nil, lit.Body, u, true)
	}
	r.steps[name] = u
}

// use adds what a function does with the frame that it is given. sure: it is
// called whatever happens.
func (r *reader) use(typ *ast.FuncType, recv *ast.FieldList, body *ast.BlockStmt, u [3]map[string]bool, sure bool) {
	frame := frameOf(typ, recv)
	if frame == "" {
		return
	}
	for _, s := range body.List {
		if leaves(s) {
			sure = sure && isReturn(s)
		}
		r.walk(s, frame, u, sure && straight(s))
	}
}

// frameOf is what a function calls its frame.
func frameOf(typ *ast.FuncType, recv *ast.FieldList) string {
	for _, list := range []*ast.FieldList{recv, typ.Params} {
		if list == nil {
			continue
		}
		for _, f := range list.List {
			p, ok := f.Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			if id, ok := p.X.(*ast.Ident); ok && id.Name == "Frame" && len(f.Names) == 1 {
				return f.Names[0].Name
			}
		}
	}
	return ""
}

func isReturn(s ast.Stmt) bool { _, ok := s.(*ast.ReturnStmt); return ok }

// leaves says whether the function may end in s.
func leaves(s ast.Stmt) (found bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false
		}
		_, ret := n.(*ast.ReturnStmt)
		found = found || ret
		return true
	})
	return found
}

// straight says that all of s is done.
func straight(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.AssignStmt, *ast.ExprStmt, *ast.IncDecStmt:
		return true
	}
	return false
}

func (r *reader) walk(n ast.Node, frame string, u [3]map[string]bool, sure bool) {
	read := func(field string) {
		if !u[2][field] { // otherwise it is what the step has written
			u[0][field] = true
		}
	}
	write := func(x ast.Expr, also bool) bool {
		sel, ok := x.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		if id, ok := sel.X.(*ast.Ident); !ok || id.Name != frame {
			return false
		}
		u[1][sel.Sel.Name] = true
		if also {
			read(sel.Sel.Name)
		}
		if sure {
			u[2][sel.Sel.Name] = true
		}
		return true
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			r.walk(n.Body, frame, u, false)
			return false
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR { // the right side may not be done
				r.walk(n.X, frame, u, sure)
				r.walk(n.Y, frame, u, false)
				return false
			}
		case *ast.AssignStmt:
			for _, x := range n.Rhs {
				r.walk(x, frame, u, sure)
			}
			for _, x := range n.Lhs {
				if !write(x, n.Tok != token.ASSIGN) {
					r.walk(x, frame, u, sure)
				}
			}
			return false
		case *ast.IncDecStmt:
			return !write(n.X, true)
		case *ast.UnaryExpr:
			if sel, ok := n.X.(*ast.SelectorExpr); ok && n.Op == token.AND {
				write(sel, true)
			}
		case *ast.CallExpr:
			r.call(n, frame, u, sure)
			return false
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && id.Name == frame {
				read(n.Sel.Name)
				return false
			}
		case *ast.Ident:
			if n.Name == frame {
				r.t.Errorf("%s: a frame is used in a way that cannot be followed", r.fset.Position(n.Pos()))
			}
		}
		return true
	})
}

// call follows a call that is given the frame.
func (r *reader) call(call *ast.CallExpr, frame string, u [3]map[string]bool, sure bool) {
	given := false
	for _, a := range call.Args {
		if id, ok := a.(*ast.Ident); ok && id.Name == frame {
			given = true
			continue
		}
		r.walk(a, frame, u, sure)
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		if given {
			r.t.Errorf("%s: a frame is given to a function", r.fset.Position(call.Pos()))
		}
		r.walk(call.Fun, frame, u, sure)
		return
	}
	from := "Kernel."
	if id, ok := sel.X.(*ast.Ident); ok && id.Name == frame {
		given, from = true, "Frame."
	} else {
		r.walk(sel.X, frame, u, sure)
	}
	if !given {
		return
	}
	fn := r.funcs[from+sel.Sel.Name]
	if fn == nil {
		r.t.Errorf("%s: a frame is given to %s, which is not found", r.fset.Position(call.Pos()), sel.Sel.Name)
		return
	}
	r.use(fn.Type, fn.Recv, fn.Body, u, sure)
}

// file is effects_data.go.
func (r *reader) file() []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "// Code generated by go test ./mm -run Effects -update. DO NOT EDIT.\n\npackage mm\n\n",
		"// effects are what steps do with registers, read from their source.\nvar effects = map[string]effect{\n")
	for _, s := range Steps() {
		u := r.steps[s.Name]
		fmt.Fprintf(&b, "%q: {", s.Name)
		comma := ""
		for i, what := range []string{"reads", "writes", "sure"} {
			if set := r.set(u[i]); set != "" {
				fmt.Fprintf(&b, "%s%s: %s", comma, what, set)
				comma = ", "
			}
		}
		fmt.Fprint(&b, "},\n")
	}
	fmt.Fprint(&b, "}\n")
	src, err := format.Source(b.Bytes())
	if err != nil {
		r.t.Fatal(err)
	}
	return src
}

// set names registers as effects.go does.
func (r *reader) set(fields map[string]bool) string {
	var names []string
	for _, f := range r.fields {
		if !fields[f] {
			continue
		}
		name := strings.ToUpper(f[:1]) + f[1:]
		if f == "mm" || f == "pte" {
			name = strings.ToUpper(f)
		}
		names = append(names, "set"+name)
	}
	return strings.Join(names, "|")
}

// Each register has a bit, and is taken with it alone.
func TestTake(t *testing.T) {
	typ := reflect.TypeFor[Frame]()
	seen := regSet(0)
	for i := range typ.NumField() {
		if slices.Contains(notRegisters, typ.Field(i).Name) {
			continue
		}
		from, other := &Frame{}, &Frame{}
		field := reflect.ValueOf(from).Elem().Field(i)
		field = reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem()
		switch {
		case field.Kind() == reflect.Pointer:
			field.Set(reflect.New(field.Type().Elem()))
		case field.Kind() == reflect.Bool:
			field.SetBool(true)
		case field.CanInt():
			field.SetInt(1)
		default:
			field.SetUint(1)
		}
		other.take(from, allRegs)
		if !reflect.DeepEqual(from, other) {
			t.Errorf("%s is not taken", typ.Field(i).Name)
		}
		for bit := regSet(1); bit <= allRegs; bit <<= 1 {
			other := &Frame{}
			if other.take(from, bit); reflect.DeepEqual(other, &Frame{}) {
				continue
			}
			if seen&bit != 0 {
				t.Errorf("the bit of %s is another's, too", typ.Field(i).Name)
			}
			seen |= bit
		}
	}
	if seen != allRegs {
		t.Errorf("bits %b are no register's", allRegs&^seen)
	}
}
