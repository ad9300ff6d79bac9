package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that PostgreSQL runs as when devstack runs as root, which PostgreSQL refuses to. Otherwise it is nil and
// all its methods do nothing.
type account struct {
	name     string
	uid, gid int
}

// postgresAccount is nil unless this program runs as root.
func postgresAccount() (*account, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if err := errors.Join(errUID, errGID); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &account{name, uid, gid}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody: run devstack as an ordinary user")
}

func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// own gives a file or directory to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// mayEnter returns an error that names the directory on the way to path, or path itself, which the account may not enter.
func (a *account) mayEnter(path string) error {
	if a == nil {
		return nil
	}
	for directory := path; ; directory = filepath.Dir(directory) {
		info, err := os.Stat(directory)
		if err != nil {
			return err
		}
		if !a.mayPass(info) {
			return fmt.Errorf("PostgreSQL runs as the user %s, who may not enter %s (%s)", a.name, directory, info.Mode())
		}
		if directory == filepath.Dir(directory) {
			return nil
		}
	}
}

func (a *account) mayPass(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && int(stat.Uid) == a.uid:
		return info.Mode()&0o100 != 0
	case ok && int(stat.Gid) == a.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}
