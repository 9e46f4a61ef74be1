package litmus

import "fmt"

// String returns the word the operation is written with.
func (k OpKind) String() string {
	if k < 0 || int(k) >= len(opNames) {
		return fmt.Sprintf("OpKind(%d)", int(k))
	}
	return opNames[k]
}

// String returns the operation as it is written in a cell.
func (op Op) String() string {
	s := op.Kind.String()
	if op.Reg != "" {
		s = op.Reg + " = " + s
	}
	return s + op.operands()
}

func (op Op) operands() string {
	switch op.Kind {
	case OpStore:
		return fmt.Sprintf(" %s %d", op.access(), op.Value)
	case OpLoad:
		return " " + op.access()
	case OpTag:
		return fmt.Sprintf(" %s %s", op.place(), op.Tag)
	case OpReadTag:
		return "(" + op.place() + ")"
	case OpFork:
		return fmt.Sprintf(" P%d", op.Task)
	case OpPageout, OpCopyTags:
		return fmt.Sprintf(" P%d %s", op.Task, op.Var)
	case OpMerge:
		return " " + op.Var + " " + op.Var2
	case OpSwapoff, OpSwapon:
		if op.Area > 0 {
			return fmt.Sprintf(" %d", op.Area)
		}
		return ""
	}
	s := ""
	for _, word := range []string{op.Var, op.Advice, op.Name} {
		if word != "" {
			s += " " + word
		}
	}
	if op.MTE {
		s += " mte"
	}
	if op.Write {
		s += " write"
	}
	return s
}

// place prints x or x+16.
func (op Op) place() string {
	if op.Offset > 0 {
		return fmt.Sprintf("%s+%d", op.Var, op.Offset)
	}
	return op.Var
}

// access prints x, x+16:red or pin(x).
func (op Op) access() string {
	switch {
	case op.Pin:
		return "pin(" + op.Var + ")"
	case op.HasTag:
		return op.place() + ":" + op.Tag.String()
	}
	return op.place()
}
