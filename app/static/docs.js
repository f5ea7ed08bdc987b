// Addresses are relative to /docs, so they work under any path prefix.
window.addEventListener("load", () =>
  SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayOperationId: true,
    presets: [SwaggerUIBundle.presets.apis],
  }),
);
