import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Application } from "./shell/Application";
import "./shell/styles.css";
import "./kit/common.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Application />
  </StrictMode>,
);
