package explore

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"
)

// TestEveryPrimitive: the machine of the random programs calls every operation of
// every primitive, and the generator has every instruction of the machine.
func TestEveryPrimitive(t *testing.T) {
	called, instrs := map[string]bool{}, map[string]bool{}
	f, err := parser.ParseFile(token.NewFileSet(), "machine_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok {
				called[s.Sel.Name] = true
			}
		case *ast.CaseClause:
			for _, e := range n.List {
				if l, ok := e.(*ast.BasicLit); ok {
					instrs[strings.Trim(l.Value, `"`)] = true
				}
			}
		}
		return true
	})
	// What does nothing that another task could see, is for reports, or native only.
	aside := map[string]bool{
		"String": true, "Peek": true, "Close": true, "Note": true, "Tracing": true, "Replaying": true, "Forgetting": true,
		"Watch": true, "Prepare": true,
	}
	for _, v := range []any{&Atomic{}, &Var{}, &Mutex{}, &RWMutex{}, &Cond{}, &Flags{}, &Map{}, &X{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumMethod() {
			if m := typ.Method(i).Name; !called[m] && !aside[m] {
				t.Errorf("no random program calls %v.%s", typ, m)
			}
		}
	}
	made := map[string]bool{"prio": true, "spin": true, "seen": true, "ldrop": true, "round": true} // placed elsewhere
	for _, f := range families {
		for _, ops := range [][]string{f.plain, f.block, f.rare} {
			for _, op := range ops {
				made[op] = true
			}
		}
	}
	for op := range instrs {
		if !made[op] {
			t.Errorf("no random program has %s", op)
		}
	}
	for op := range made {
		if !instrs[op] {
			t.Errorf("the machine does not know %s", op)
		}
	}
}
