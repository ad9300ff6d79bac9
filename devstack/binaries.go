package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

const oldestPostgres = 15

// postgresBinaries is a directory with PostgreSQL's programs.
type postgresBinaries struct {
	dir   string
	major int
}

func (b postgresBinaries) program(name string) string { return filepath.Join(b.dir, name) }

// findPostgres returns the newest PostgreSQL of this machine that user may run, or the one of the given major version if
// that is not 0 (a data directory belongs to one). If there is none it gets one.
func findPostgres(ctx context.Context, user *account, major int) (postgresBinaries, error) {
	if found, ok := choosePostgres(installedPostgres(ctx, user), major); ok {
		return found, nil
	}
	if major != 0 {
		return postgresBinaries{}, fmt.Errorf("the data directory belongs to PostgreSQL %d, which is no longer installed: install it, or use another --dir", major)
	}
	if err := installPostgres(ctx); err != nil {
		return postgresBinaries{}, err
	}
	found, ok := choosePostgres(installedPostgres(ctx, user), major)
	if !ok {
		return postgresBinaries{}, fmt.Errorf("the package manager's PostgreSQL is older than %d. %s", oldestPostgres, howToInstall())
	}
	return found, nil
}

func choosePostgres(installed []postgresBinaries, major int) (postgresBinaries, bool) {
	suitable := slices.DeleteFunc(slices.Clone(installed), func(b postgresBinaries) bool {
		return b.major < oldestPostgres || (major != 0 && b.major != major)
	})
	if len(suitable) == 0 {
		return postgresBinaries{}, false
	}
	return slices.MaxFunc(suitable, func(a, b postgresBinaries) int { return cmp.Compare(a.major, b.major) }), true
}

// installedPostgres lists the complete installations in the usual places: PATH, Debian's, Red Hat's and Homebrew's directories,
// and what this program downloaded earlier.
func installedPostgres(ctx context.Context, user *account) []postgresBinaries {
	directories := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
		filepath.Join(downloadDir(), "bin"),
	} {
		matches, _ := filepath.Glob(pattern) // fails only for a malformed pattern
		directories = append(directories, matches...)
	}
	var installed []postgresBinaries
	for _, directory := range directories {
		if b, ok := postgresIn(ctx, directory); ok && user.mayEnter(b.dir) == nil {
			installed = append(installed, b)
		}
	}
	return installed
}

// postgresIn looks for PostgreSQL in a directory, following links such as /usr/local/bin/postgres to where it really is.
func postgresIn(ctx context.Context, directory string) (postgresBinaries, bool) {
	postgres, err := filepath.EvalSymlinks(filepath.Join(directory, "postgres"))
	if err != nil {
		return postgresBinaries{}, false
	}
	b := postgresBinaries{dir: filepath.Dir(postgres)}
	if _, err := os.Stat(b.program("initdb")); err != nil {
		return postgresBinaries{}, false
	}
	output, err := exec.CommandContext(ctx, postgres, "--version").Output()
	if err != nil {
		return postgresBinaries{}, false
	}
	b.major = majorVersion(string(output))
	return b, b.major != 0
}

var majorPattern = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// majorVersion reads the answer of `postgres --version`; 0 if it is something else.
func majorVersion(answer string) int {
	match := majorPattern.FindStringSubmatch(answer)
	if match == nil {
		return 0
	}
	major, _ := strconv.Atoi(match[1]) // the pattern lets only digits through
	return major
}

// installPostgres installs the distribution's PostgreSQL where that can be done without asking (root on Debian and its
// relatives), else downloads a build for this user, else says what to do.
func installPostgres(ctx context.Context) error {
	_, noApt := exec.LookPath("apt-get")
	switch {
	case os.Getuid() == 0 && noApt == nil:
		return installWithApt(ctx)
	case os.Getuid() == 0:
		return fmt.Errorf("no PostgreSQL %d or newer on this machine. %s", oldestPostgres, howToInstall())
	default:
		return downloadPostgres()
	}
}

// installWithApt installs the package without the cluster that Debian would create and start along with it.
func installWithApt(ctx context.Context) error {
	fmt.Fprintf(os.Stderr, "devstack: no PostgreSQL %d or newer on this machine; installing the package postgresql with apt-get\n", oldestPostgres)
	const noCluster = "/etc/postgresql-common/createcluster.d/devstack.conf"
	if err := os.MkdirAll(filepath.Dir(noCluster), 0o755); err != nil {
		return fmt.Errorf("install PostgreSQL: %w", err)
	}
	if err := os.WriteFile(noCluster, []byte("create_main_cluster = false\n"), 0o644); err != nil {
		return fmt.Errorf("install PostgreSQL: %w", err)
	}
	for _, args := range [][]string{
		{"update", "-q"},
		{"install", "-q", "-y", "--no-install-recommends", "postgresql"},
	} {
		apt := exec.CommandContext(ctx, "apt-get", args...)
		apt.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := apt.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s\n%s", strings.Join(args, " "), err, lastLines(string(output)), howToInstall())
		}
	}
	return nil
}

// downloadPostgres gets the builds of the embedded-postgres project. The library has no call for the programs alone, so it
// starts and stops a server once; it refuses to do that as root.
func downloadPostgres() error {
	fmt.Fprintf(os.Stderr, "devstack: no PostgreSQL %d or newer on this machine; downloading one to %s\n", oldestPostgres, downloadDir())
	scratch, err := os.MkdirTemp("", "devstack-download-")
	if err != nil {
		return fmt.Errorf("download PostgreSQL: %w", err)
	}
	defer os.RemoveAll(scratch)
	err = onFreePort(0, "", func(port int) error {
		server := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
			Version(embeddedpostgres.V17).
			CachePath(filepath.Join(scratch, "archive")).
			RuntimePath(filepath.Join(scratch, "run")).
			BinariesPath(downloadDir()).
			Port(uint32(port)).
			Logger(io.Discard))
		if err := server.Start(); err != nil {
			return err
		}
		return server.Stop()
	})
	if err != nil {
		os.RemoveAll(downloadDir())
		return fmt.Errorf("download PostgreSQL: %w. %s", err, howToInstall())
	}
	return nil
}

// downloadDir is where a downloaded PostgreSQL is kept for the next start.
func downloadDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "devstack", "postgresql-"+string(embeddedpostgres.V17))
}

// howToInstall names the command for this machine.
func howToInstall() string {
	advice := "install PostgreSQL with its contrib modules"
	if runtime.GOOS == "darwin" {
		advice = "run: brew install postgresql@17"
	} else {
		for _, manager := range []struct{ program, command string }{
			{"apt-get", "sudo apt-get install postgresql"},
			{"dnf", "sudo dnf install postgresql-server postgresql-contrib"},
			{"apk", "sudo apk add postgresql postgresql-contrib"},
			{"pacman", "sudo pacman -S postgresql"},
			{"zypper", "sudo zypper install postgresql-server postgresql-contrib"},
		} {
			if _, err := exec.LookPath(manager.program); err == nil {
				advice = "run: " + manager.command
				break
			}
		}
	}
	return fmt.Sprintf("To get PostgreSQL %d or newer, %s; or use one that runs elsewhere with --postgres-url", oldestPostgres, advice)
}
