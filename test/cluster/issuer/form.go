package issuer

import (
	"context"
	"html/template"
	"net/http"
)

// page is the login form; the credential plugin fills it in as a browser would.
var page = template.Must(template.New("login").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Sample issuer</title></head>
<body>
<h1>Sample issuer of the local cluster</h1>
{{with .Problem}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/login">
<input type="hidden" name="request" value="{{.Request}}">
<label>User <input name="login" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Log in</button>
</form>
</body>
</html>
`))

type loginForm struct {
	store     *storage
	passwords Passwords
	done      func(ctx context.Context, request string) string
}

func (f loginForm) show(w http.ResponseWriter, r *http.Request) {
	f.render(w, http.StatusOK, r.URL.Query().Get("request"), "")
}

func (f loginForm) submit(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	id, login := r.PostFormValue("request"), r.PostFormValue("login")
	user, found := Find(login)
	if !found || !f.passwords.Check(login, r.PostFormValue("password")) {
		f.render(w, http.StatusUnauthorized, id, "wrong user or password")
		return
	}
	if err := f.store.authorize(id, user); err != nil {
		f.render(w, http.StatusBadRequest, id, "this login has expired; start again")
		return
	}
	http.Redirect(w, r, f.done(r.Context(), id), http.StatusFound)
}

func (f loginForm) render(w http.ResponseWriter, code int, request, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = page.Execute(w, struct{ Request, Problem string }{request, problem})
}
