#include "textflag.h"

// Registers of the interpreter. R18, R27 and R28 belong to the platform, the
// assembler and the Go runtime, and are left alone.
//	R19 the instruction
//	R20 its operation code
//	R21 the marks of indirect arguments
//	R22 MAGIC while a memory access is under way, that the handler may resume
//	R23 where it resumes
//	R24 the child's program
#define MAGIC $0x7a657461

#define TCO_ON  WORD $0xd503419f // MSR TCO, #1
#define TCO_OFF WORD $0xd503409f // MSR TCO, #0
#define STG_R0  WORD $0xd9200800 // STG X0, [X0]
#define LDG_R6  WORD $0xd9600006 // LDG X6, [X0]

// struct timespec of a nap.
DATA ·shortly+0(SB)/8, $0
DATA ·shortly+8(SB)/8, $50000
GLOBL ·shortly(SB), RODATA, $16

// func spawn(flags, stack, prog uintptr) uintptr
TEXT ·spawn(SB), NOSPLIT|NOFRAME, $0-32
	MOVD flags+0(FP), R0
	MOVD stack+8(FP), R1
	MOVD prog+16(FP), R24
	MOVD ZR, R2
	MOVD ZR, R3
	MOVD ZR, R4
	MOVD $220, R8 // clone
	SVC
	CBZ  R0, child
	MOVD R0, ret+24(FP)
	RET
child:
	MOVD R24, R19
	B    ·run(SB)

// func handlerPC() uintptr
TEXT ·handlerPC(SB), NOSPLIT|NOFRAME, $0-8
	MOVD $·handler(SB), R0
	MOVD R0, ret+0(FP)
	RET

// handler(sig R0, info R1, context R2), called by the kernel. The registers of
// the interrupted code are at 184 in the context, its PC at 440.
TEXT ·handler(SB), NOSPLIT|NOFRAME, $0
	MOVD (184+22*8)(R2), R3
	MOVD MAGIC, R4
	CMP  R3, R4
	BNE  die
	MOVWU 8(R1), R4 // si_code
	LSL  $32, R0
	ORR  R0, R4
	MOVD R4, (184+6*8)(R2)
	MOVD (184+23*8)(R2), R5
	MOVD R5, 440(R2)
	RET
die:
	MOVD $77, R0
	MOVD $94, R8 // exit_group
	SVC
	RET

TEXT ·run(SB), NOSPLIT|NOFRAME, $0
loop:
	MOVD 0(R19), R20
	MOVD 64(R19), R21
	MOVD 16(R19), R0
	TBZ  $0, R21, a1
	MOVD (R0), R0
a1:
	MOVD 24(R19), R1
	TBZ  $1, R21, a2
	MOVD (R1), R1
a2:
	MOVD 32(R19), R2
	TBZ  $2, R21, a3
	MOVD (R2), R2
a3:
	MOVD 40(R19), R3
	TBZ  $3, R21, a4
	MOVD (R3), R3
a4:
	MOVD 48(R19), R4
	TBZ  $4, R21, a5
	MOVD (R4), R4
a5:
	MOVD 56(R19), R5
	TBZ  $5, R21, go
	MOVD (R5), R5
go:
	CMP $1, R20
	BEQ syscall
	CMP $2, R20
	BEQ load
	CMP $3, R20
	BEQ store
	CMP $4, R20
	BEQ settag
	CMP $5, R20
	BEQ gettag
	CMP $6, R20
	BEQ barrier
	CMP $7, R20
	BEQ delay
	CMP $8, R20
	BEQ clone
	CMP $9, R20
	BEQ result
	CMP $10, R20
	BEQ skipeq
	CMP $11, R20
	BEQ add
	CMP $12, R20
	BEQ wait
	CMP $13, R20
	BEQ tagpage
	CMP $14, R20
	BEQ gettags
	MOVD $93, R8 // exit
	SVC
	B    loop

syscall:
	MOVD 72(R19), R8
	SVC
result:
	MOVD 8(R19), R9
	CBZ  R9, next
	MOVD R0, (R9)
next:
	ADD $128, R19
	B   loop

clone:
	MOVD 88(R19), R24
	MOVD $220, R8
	SVC
	CBNZ R0, result
	MOVD R24, R19
	B    loop

load:
	ADR  faulted, R23
	MOVD MAGIC, R22
	CBZ  R1, load1
	TCO_ON
	MOVD (R0), R0
	TCO_OFF
	MOVD ZR, R22
	B    result
load1:
	MOVD (R0), R0
	MOVD ZR, R22
	B    result

store:
	ADR  faulted, R23
	MOVD MAGIC, R22
	CBZ  R2, store1
	TCO_ON
	MOVD R1, (R0)
	TCO_OFF
	MOVD ZR, R22
	B    next
store1:
	MOVD R1, (R0)
	MOVD ZR, R22
	B    next

settag:
	ADR  faulted, R23
	MOVD MAGIC, R22
	STG_R0
	MOVD ZR, R22
	B    next

gettag:
	ADR  faulted, R23
	MOVD MAGIC, R22
	MOVD ZR, R6
	LDG_R6
	MOVD ZR, R22
	LSR  $56, R6, R0
	AND  $15, R0
	B    result

tagpage:
	ADR  faulted, R23
	MOVD $256, R10
tagpage1:
	MOVD MAGIC, R22
	STG_R0
	MOVD ZR, R22
	ADD  $16, R0
	SUBS $1, R10
	BNE  tagpage1
	B    next

gettags:
	ADR  faulted, R23
	MOVD $256, R10
	MOVD ZR, R11
	MOVD ZR, R6
	MOVD MAGIC, R22
	LDG_R6
	LSR  $56, R6, R12
	AND  $15, R12
gettags1:
	MOVD ZR, R6
	LDG_R6
	LSR  $56, R6, R13
	AND  $15, R13
	CMP  R12, R13
	BEQ  gettags2
	ADD  $256, R11
gettags2:
	ADD  $16, R0
	SUBS $1, R10
	BNE  gettags1
	MOVD ZR, R22
	ORR  R11, R12, R0
	B    result

// The handler has put the fault's code into R6. TCO is clear again: the access
// that faulted with checks suppressed leaves it set, which a machine without MTE
// never does.
faulted:
	MOVD ZR, R22
	CMP  $2, R20
	BEQ  faultedload
	CMP  $3, R20
	BNE  report
	CBZ  R2, report
	TCO_OFF
	B    report
faultedload:
	CBZ  R1, report
	TCO_OFF
report:
	MOVD 80(R19), R9
	CBZ  R9, next
	MOVD R6, (R9)
	B    next

barrier:
	LDAXR (R0), R6
	ADD   $1, R6
	STLXR R6, (R0), R7
	CBNZ  R7, barrier
wait:
	MOVD R0, R10
	MOVD ZR, R11
wait1:
	LDAR (R10), R6
	CMP  R1, R6
	BGE  next
	ADD  $1, R11
	TST  $63, R11
	BNE  wait1
	CBNZ R2, nap
	MOVD $124, R8 // sched_yield
	SVC
	B    wait1
nap:
	MOVD R1, R12
	MOVD $·shortly(SB), R0
	MOVD ZR, R1
	MOVD $101, R8 // nanosleep
	SVC
	MOVD R12, R1
	B    wait1

delay:
	CBZ  R0, next
delay1:
	SUBS $1, R0
	BNE  delay1
	B    next

skipeq:
	CMP R0, R1
	BNE next
	LSL $7, R2
	ADD R2, R19
	B   next

add:
	LDAXR (R0), R6
	ADD   R1, R6
	STLXR R6, (R0), R7
	CBNZ  R7, add
	B     next
