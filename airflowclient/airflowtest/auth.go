package airflowtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// authenticate checks the credentials of a request: basic ones on Airflow 2, a token of its own on Airflow 3.
func (a *Airflow) authenticate(r *http.Request) error {
	if a.isV2 {
		return a.checkToken(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	}
	if a.opts.User == "" {
		return nil
	}
	user, password, given := r.BasicAuth()
	switch {
	case !given:
		return &refusal{status: http.StatusUnauthorized, title: "Unauthorized"}
	case user != a.opts.User || password != a.opts.Password: // 2.11 takes whom it does not know for the public
		return &refusal{status: http.StatusForbidden, title: "Forbidden"}
	}
	return nil
}

// giveToken is /auth/token: POST with user and password, or GET where everybody is let in.
func (a *Airflow) giveToken(r *http.Request) (answer, error) {
	if a.opts.User != "" {
		var login struct{ Username, Password string }
		if err := json.NewDecoder(r.Body).Decode(&login); err != nil {
			return answer{}, &refusal{status: http.StatusUnauthorized, detail: "Invalid credentials"}
		}
		if login.Username != a.opts.User || login.Password != a.opts.Password {
			return answer{}, &refusal{status: http.StatusUnauthorized, detail: "Invalid credentials"}
		}
	}
	now := a.now()
	claims, err := json.Marshal(map[string]int64{"iat": now.Unix(), "exp": now.Add(a.opts.TokenLife).Unix()})
	if err != nil {
		return answer{}, err
	}
	payload := "e30." + base64.RawURLEncoding.EncodeToString(claims)
	return answer{status: http.StatusCreated, body: map[string]string{"access_token": payload + "." + a.sign(payload)}}, nil
}

func (a *Airflow) sign(text string) string {
	mac := hmac.New(sha256.New, fmt.Appendf(nil, "key %d", a.tokenKey))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (a *Airflow) checkToken(token string) error {
	if token == "" {
		return &refusal{status: http.StatusUnauthorized, detail: "Not authenticated"}
	}
	cut := strings.LastIndex(token, ".")
	if cut < 0 || a.sign(token[:cut]) != token[cut+1:] {
		return &refusal{status: http.StatusForbidden, detail: "Invalid JWT token"}
	}
	_, middle, _ := strings.Cut(token[:cut], ".")
	text, err := base64.RawURLEncoding.DecodeString(middle)
	if err != nil {
		return &refusal{status: http.StatusForbidden, detail: "Invalid JWT token"}
	}
	var claims struct{ Exp int64 }
	if json.Unmarshal(text, &claims) != nil || !a.now().Before(time.Unix(claims.Exp, 0)) {
		return &refusal{status: http.StatusUnauthorized, detail: "Token Expired"}
	}
	return nil
}
