package server

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Handler returns the program's whole HTTP surface. This is the one list of
// routes: what stands here exists.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	get := func(path string, h handler) { mux.Handle("GET "+path, s.handle(h)) }
	post := func(path string, h handler) { mux.Handle("POST "+path, s.handle(h)) }

	// Records and cases of any declared type.
	get("/api/records/{type}", s.listRecords)
	post("/api/records/{type}", s.once(s.createRecord, s.rowAgain(http.StatusCreated)))
	get("/api/records/{type}/{id}", s.getRecord)
	mux.Handle("PATCH /api/records/{type}/{id}", s.handle(s.reviseRecord))
	mux.Handle("DELETE /api/records/{type}/{id}", s.handle(s.deleteRecord))
	get("/api/records/{type}/{id}/history", s.history)
	get("/api/records/{type}/{id}/evidence", s.evidenceBundle)
	get("/api/cases/{type}", s.listRecords)
	post("/api/cases/{type}", s.once(s.openCase, s.rowAgain(http.StatusCreated)))
	get("/api/cases/{type}/{id}", s.getRecord)
	post("/api/cases/{type}/{id}/{action}", s.once(s.actOnCase, s.rowAgain(http.StatusOK)))
	get("/api/cases/{type}/{id}/history", s.history)
	get("/api/cases/{type}/{id}/timeline", s.timeline)
	get("/api/cases/{type}/{id}/similar", s.similar)
	get("/api/cases/{type}/{id}/evidence", s.evidenceBundle)
	post("/api/cases/{type}/{id}/comments", s.once(s.comment, s.commentAgain))

	// Datasets, their releases, and what was not taken into them.
	get("/api/datasets/{type}/releases", s.listReleases)
	get("/api/datasets/{type}/releases/{version}", s.getRelease)
	get("/api/datasets/{type}/releases/{version}/rows", s.releaseRows)
	get("/api/datasets/{type}/releases/{version}/download", s.downloadRelease)
	get("/api/datasets/{type}/diff", s.releaseDiff)
	get("/api/cases/{type}/{id}/failures", s.failures)

	// Scanned pages of cases and of the records made of them.
	get("/api/cases/{type}/{id}/pages", s.scannedPages)
	get("/api/cases/{type}/{id}/pages/{page}/image", s.scannedImage)
	get("/api/records/{type}/{id}/pages", s.scannedPages)
	get("/api/records/{type}/{id}/pages/{page}/image", s.scannedImage)

	// Which rows speak of the same person or organisation.
	get("/api/linkages", s.listLinkages)
	get("/api/linkages/{linkage}", s.getLinkage)
	get("/api/linkages/{linkage}/review", s.reviewLinkage)
	get("/api/linkages/{linkage}/decisions", s.listDecisions)
	post("/api/linkages/{linkage}/decisions", s.decideLinkage)
	get("/api/linkages/{linkage}/entities/{entity}", s.linkedEntity)
	get("/api/linkages/{linkage}/of/{source}", s.entitiesOfSource)
	get("/api/linkages/{linkage}/of/{source}/{key}", s.entityOf)

	// What one organisation may use of another's data.
	get("/api/grants", s.listGrants)
	get("/api/grants/{grant}", s.getGrant)
	get("/api/grants/{grant}/use", s.grantUse)
	post("/api/grants/{grant}/lookup", s.lookUp)
	post("/api/grants/{grant}/query", s.queryGrant)
	get("/api/grants/{grant}/file", s.grantFile)
	get("/api/grants/{grant}/subscription", s.getSubscription)
	mux.Handle("PUT /api/grants/{grant}/subscription", s.handle(s.subscribe))
	mux.Handle("DELETE /api/grants/{grant}/subscription", s.handle(s.unsubscribe))
	post("/api/grants/{grant}/subscription/resume", s.resumeSubscription)

	// Releases from nodes below, and to the node above.
	get("/api/federation/releases", s.federationInbox)
	mux.Handle("PUT /api/federation/releases/{dataset}/{version}", s.handle(s.offerRelease))
	mux.Handle("PUT /api/federation/releases/{dataset}/{version}/file", s.handle(s.releasePart))
	get("/api/federation/outbox", s.federationOutbox)
	post("/api/federation/outbox/{dataset}/{version}/retry", s.retryOutgoing)
	get("/api/federation/catalogues", s.listExchanges)
	post("/api/federation/catalogues/{name}/run", s.beginExchange)

	// The catalogue as CKAN and DCAT speak it.
	open := newOpenData(s)
	s.ckanRoutes(mux, open)
	s.dcatRoutes(mux, open)

	// How organisations are evaluated.
	get("/api/scores", s.listScores)

	// What is declared.
	get("/api/types", s.listTypes)
	get("/api/types/{type}", s.getType)
	get("/api/types/{type}/schema.json", s.typeSchema)
	get("/api/types/{type}/openapi.json", s.typeOpenAPI)
	get("/api/nav", s.nav)
	get("/api/screens/{pack}/{screen}", s.getScreen)
	get("/api/screens/{pack}/{screen}/data", s.screenData)

	// Bytes and streams.
	post("/api/files", s.putFile)
	get("/api/files/{id}", s.getFile)
	mux.HandleFunc("GET /api/events", s.eventStream)
	mux.Handle("GET /log/", s.evidence.Handler())

	// Operations with fixed shapes, described at /openapi.json.
	ourErrors()
	config := huma.DefaultConfig("城枢 Chengshu", s.version)
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks = nil
	api := humago.New(mux, config)
	s.sessionRoutes(api)
	s.placeRoutes(api)
	s.workRoutes(api)
	s.clientRoutes(api)
	s.adminRoutes(api)

	// Operating the program.
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", s.scraped(s.metrics.Handler()))
	if s.fake != nil {
		mux.HandleFunc("POST /api/test/clock", s.turnClock)
	}
	mux.Handle("/api/", s.handle(noSuchRoute))
	mux.Handle("/", spa())

	return s.guard(s.metrics.Middleware(mux))
}

// guard puts what holds for every answer around h: no foreign site may send
// writes with a visitor's cookie, and pages load nothing from elsewhere.
func (s *Server) guard(h http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeProblem(w, r, s.log, errForeign()) }))
	protected := cross.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "same-origin")
		if strings.HasPrefix(r.URL.Path, "/api/") && !byCKAN(r.URL.Path) {
			if err := addressed(r); err != nil {
				writeProblem(w, r, s.log, err)
				return
			}
		}
		protected.ServeHTTP(w, r)
	})
}
