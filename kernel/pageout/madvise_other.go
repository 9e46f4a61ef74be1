//go:build !linux

package pageout

import (
	"fmt"
	"os"
)

func openPidfd(int) (*os.File, error) {
	return nil, fmt.Errorf("%w: paging out other processes needs Linux 5.10 or later", ErrOldKernel)
}

func advise(*os.File, []Mapping) (uint64, int, error) { return 0, 0, ErrOldKernel }

func explain(_ int, err error) error { return err }
