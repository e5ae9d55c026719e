"use strict";

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // Otherwise the document would be sent to a validator on another host.
  validatorUrl: null,
});
