//go:build real

package local_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chrononctl/internal/demo/local"
)

// holdVariable makes this test binary start an instance and hold it until it is killed; see TestMain.
const holdVariable = "LOCAL_TEST_HOLD"

func TestMain(m *testing.M) {
	if version := os.Getenv(holdVariable); version != "" {
		hold(version)
	}
	os.Exit(m.Run())
}

func hold(version string) {
	airflow, err := local.Start(context.Background(), local.Options{Version: version, Dir: os.Getenv(holdVariable + "_DIR")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(airflow.URL)
	select {}
}

func TestRealInstanceStartsAnswersAndEnds(t *testing.T) {
	for _, version := range []string{local.Airflow3, local.Airflow2} {
		t.Run(version, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a folder with spaces in its name, and one so long that the path of a socket has no room in it")
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer taken.Close()
			choices, retried := 0, false
			a, err := local.Start(t.Context(), local.Options{Version: version, Dir: dir, Progress: func(s local.Step) {
				retried = retried || s.Kind == local.StepRetry
				t.Logf("%5.1fs %s", s.Elapsed.Seconds(), s.Text)
			}, FreePort: func() (int, error) {
				if choices++; choices == 1 {
					return taken.Addr().(*net.TCPAddr).Port, nil // which another program has taken meanwhile
				}
				return freePort()
			}})
			if err != nil {
				t.Fatal(err)
			}
			if !retried {
				t.Error("the lost port was not told")
			}
			if err := a.Err(); err != nil {
				t.Errorf("the lost port counts as a failure of the instance: %v", err)
			}
			t.Cleanup(func() { _ = a.Stop(context.Background()) })
			prefix := map[string]string{local.Airflow3: "/api/v2", local.Airflow2: "/api/v1"}[version]
			var answer struct{ Version string }
			get(t, a, prefix+"/version", &answer)
			if !strings.HasPrefix(answer.Version, version+".") {
				t.Errorf("the server says version %q", answer.Version)
			}
			var dags struct {
				Total int `json:"total_entries"`
			}
			get(t, a, prefix+"/dags", &dags)
			if dags.Total != 0 {
				t.Errorf("%d DAGs in an empty folder: examples are on", dags.Total)
			}
			if len(processesNaming(t, dir)) == 0 {
				t.Error("no process names the folder: the check after the end would prove nothing")
			}
			if _, err := local.Start(t.Context(), local.Options{Version: version, Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
				t.Errorf("a second instance in the folder: %v", err)
			}
			if err := a.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			requireGone(t, a.URL, dir)
		})
	}
}

func TestRealInstanceEndsWhenItsHolderIsKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "held-by-a-killed-process")
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holdVariable+"="+local.Airflow3, holdVariable+"_DIR="+dir)
	holder.Stderr = os.Stderr
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // "signal: killed"
	requireGone(t, strings.TrimSpace(address), dir)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// get reads a resource with the instance's authentication.
func get(t *testing.T, a *local.Airflow, path string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.Version == local.Airflow2 {
		request.SetBasicAuth(a.Auth.Username, a.Auth.Password)
	} else {
		request.Header.Set("Authorization", "Bearer "+token(t, a))
	}
	decode(t, request, into)
}

func token(t *testing.T, a *local.Airflow) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+"/auth/token", nil)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	decode(t, request, &answer)
	return answer.Token
}

func decode(t *testing.T, request *http.Request, into any) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %v\n%s", request.Method, request.URL, response.Status, err, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatal(err)
	}
}

// requireGone waits until no process names the folder, and checks that nobody listens on the address.
func requireGone(t *testing.T, address, dir string) {
	t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for left := processesNaming(t, dir); len(left) > 0; left = processesNaming(t, dir) {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("still alive:\n%s", strings.Join(left, "\n"))
		}
	}
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if connection, err := net.DialTimeout("tcp", parsed.Host, time.Second); err == nil {
		connection.Close()
		t.Errorf("something still listens on %s", parsed.Host)
	}
}

// processesNaming lists the processes that belong to the instance in a folder: every one of them works there or writes its output
// there, whatever it calls itself. Where there is no /proc, the command lines and environments that ps shows have to do.
func processesNaming(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	links, err := filepath.Glob("/proc/[0-9]*/fd/1")
	if err != nil {
		t.Fatal(err)
	}
	for _, output := range links {
		process := filepath.Dir(filepath.Dir(output))
		for _, link := range []string{output, filepath.Join(process, "cwd")} {
			target, err := os.Readlink(link)
			if err == nil && strings.HasPrefix(target, dir) {
				name, _ := os.ReadFile(filepath.Join(process, "cmdline"))
				found = append(found, process+" "+strings.ReplaceAll(string(name), "\x00", " "))
				break
			}
		}
	}
	if len(links) > 0 {
		return found
	}
	listing, err := exec.Command("ps", "axeww", "-o", "pid=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(listing), "\n") {
		if strings.Contains(line, dir) {
			found = append(found, line)
		}
	}
	return found
}
