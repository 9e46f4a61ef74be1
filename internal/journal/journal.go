package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
)

// Journal is an open file of records. Its methods may be called by several
// goroutines.
type Journal struct {
	mu   sync.Mutex
	f    *os.File // protected by mu
	size int64    // of what is known to be whole; protected by mu
	kept map[string][][]byte
	err  error // why nothing is added any more; protected by mu
}

// line is what a line of the file has behind its checksum.
type line struct {
	Key    string
	Record json.RawMessage
}

// Open opens the file at path, or makes it, for runs of one kind: a file whose
// first record is another kind is refused, and so is one that is no journal.
func Open(path, kind string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	j := &Journal{f: f, kept: map[string][][]byte{}}
	if err := j.begin(path, kind); err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) begin(path, kind string) error {
	if err := lock(j.f); err != nil {
		return fmt.Errorf("%s is in use by another process", path)
	}
	st, err := j.f.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file that could be gone on with", path)
	}
	first, err := j.read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	want, err := json.Marshal(kind)
	if err != nil {
		return err
	}
	switch {
	case st.Size() == 0:
		return j.Add("", want)
	case first == nil:
		return fmt.Errorf("%s is no checkpoint of tagswap; name a file that does not exist", path)
	case !bytes.Equal(first, want):
		return fmt.Errorf("%s was written by another build of tagswap; remove it to begin anew", path)
	}
	if err := j.f.Truncate(j.size); err != nil {
		return err
	}
	_, err = j.f.Seek(j.size, io.SeekStart)
	return err
}

// read keeps all whole lines and returns the record of the first; nil if the file
// does not begin with one that has no key.
func (j *Journal) read() (first []byte, err error) {
	r := bufio.NewReaderSize(j.f, 1<<20)
	for {
		text, err := r.ReadBytes('\n')
		if err == io.EOF {
			return first, nil
		}
		if err != nil {
			return nil, err
		}
		l, ok := parse(text)
		if !ok {
			return first, nil
		}
		if j.size == 0 {
			if l.Key != "" {
				return nil, nil
			}
			first = l.Record
		} else {
			j.kept[l.Key] = append(j.kept[l.Key], l.Record)
		}
		j.size += int64(len(text))
	}
}

// parse reads a line with its end.
func parse(text []byte) (l line, ok bool) {
	sum, rest, ok := bytes.Cut(bytes.TrimSuffix(text, []byte("\n")), []byte(" "))
	if !ok || string(sum) != checksum(rest) {
		return line{}, false
	}
	return l, json.Unmarshal(rest, &l) == nil
}

func checksum(b []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(b)) }

// Kept returns the records that the file had for key when it was opened, in order.
func (j *Journal) Kept(key string) [][]byte { return j.kept[key] }

// Keys returns how many keys have records.
func (j *Journal) Keys() int { return len(j.kept) }

// Add adds a record, which is JSON. After an error the file ends with the last
// record that is whole, and nothing is added any more.
func (j *Journal) Add(key string, record []byte) error {
	b, err := json.Marshal(line{key, record})
	if err != nil {
		return err
	}
	text := append([]byte(checksum(b)+" "), b...)
	text = append(text, '\n')
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	if _, err := j.f.Write(text); err != nil {
		j.err = err
		return errors.Join(err, j.f.Truncate(j.size))
	}
	j.size += int64(len(text))
	return nil
}

// Err says why nothing is added any more; nil if all was.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Close closes the file.
func (j *Journal) Close() error { return j.f.Close() }
