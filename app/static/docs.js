// Addresses are relative to /docs, so that they hold below any prefix.
window.addEventListener("load", () =>
  SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayOperationId: true,
    presets: [SwaggerUIBundle.presets.apis],
  }),
);
