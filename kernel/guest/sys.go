//go:build linux

package guest

// System calls of arm64 (asm-generic/unistd.h) and the constants they take.
const (
	sysOpenat            = 56
	sysFallocate         = 47
	sysClose             = 57
	sysRead              = 63
	sysWrite             = 64
	sysPread64           = 67
	sysPwritev           = 70
	sysVmsplice          = 75
	sysTee               = 77
	sysExitGroup         = 94
	sysSetTidAddress     = 96
	sysNanosleep         = 101
	sysPtrace            = 117
	sysSchedSetscheduler = 119
	sysSchedSetaffinity  = 122
	sysRtSigaction       = 134
	sysRtSigprocmask     = 135
	sysPrctl             = 167
	sysGetpid            = 172
	sysSysinfo           = 179
	sysMunmap            = 215
	sysMmap              = 222
	sysSwapon            = 224
	sysSwapoff           = 225
	sysMprotect          = 226
	sysMincore           = 232
	sysMadvise           = 233
	sysWait4             = 260
	sysMlock2            = 284
	sysPidfdOpen         = 434
	sysProcessMadvise    = 440

	sigbus, sigkill, sigsegv, sigchld = 7, 9, 11, 17

	sigSetmask = 2
	atFDCWD    = -100
	oRdonly    = 0
	oWronly    = 1
	oCloexec   = 0o2000000

	prSetPdeathsig      = 1
	prSetTHPDisable     = 41
	prSetTaggedAddrCtrl = 55
	prTaggedAddrEnable  = 1
	prMTETCFSync        = 2
	prMTETagShift       = 3

	protRead, protWrite, protMTE  = 1, 2, 0x20
	mapShared, mapPrivate         = 1, 2
	mapFixed, mapAnon             = 0x10, 0x20
	fallocKeepSize, fallocPunch   = 1, 2
	schedOther, schedFIFO         = 0, 1
	mlockOnfault                  = 1
	wAll                          = 0x40000000 // __WALL
	ptDetach, ptSeize, ptIntr     = 17, 0x4206, 0x4207
	ptPeekMTETags                 = 33
	cloneVM, cloneFS, cloneFiles  = 0x100, 0x200, 0x400
	cloneSighand, cloneThreadFlag = 0x800, 0x10000
	cloneSysvsem, cloneClearTid   = 0x40000, 0x200000
	cloneThread                   = cloneVM | cloneFS | cloneFiles | cloneSighand | cloneThreadFlag | cloneSysvsem | cloneClearTid
)
