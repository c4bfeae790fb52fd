package local

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"
)

// secrets are made once per folder: what the database holds was encrypted and hashed with them.
type secrets struct {
	Fernet   string `json:"fernet"`   // encrypts connections and variables
	Signing  string `json:"signing"`  // signs sessions, and requests for the logs of running tasks
	JWT      string `json:"jwt"`      // signs the tokens of tasks and of API clients; Airflow 3
	Password string `json:"password"` // of the administrator; Airflow 2
}

// loadSecrets reads a folder's secrets, and makes them on its first start.
func loadSecrets(path string) (secrets, error) {
	var s secrets
	text, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(text, &s); err != nil {
			return s, fmt.Errorf("read %s: %w", path, err)
		}
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, see its documentation
	s = secrets{Fernet: base64.URLEncoding.EncodeToString(key), Signing: rand.Text() + rand.Text(), JWT: rand.Text() + rand.Text(), Password: rand.Text()}
	text, err = json.Marshal(s)
	if err != nil {
		return s, err
	}
	return s, writeAtomically(path, text, 0o600)
}

func writeAtomically(path string, text []byte, mode fs.FileMode) error {
	return renameio.WriteFile(path, text, mode, renameio.WithStaticPermissions(mode))
}
