import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { App, ConfigProvider } from "antd";
import type { ReactNode } from "react";
import { newQueryClient } from "../api/queries";
import { parseSearch, stringifySearch } from "../shell/search";
import { themeFor } from "../shell/theme";
import { TextProvider, textOf } from "../text";
import type { Language } from "../text";

/** Shows a part of the application with all it needs around it, at one address. */
export function show(part: ReactNode, { lang = "zh", path = "/" }: { lang?: Language; path?: string } = {}) {
  stubBrowser();
  const root = createRootRoute({ component: () => part, notFoundComponent: () => part });
  const history = createMemoryHistory({ initialEntries: [path] });
  const router = createRouter({ routeTree: root, history, parseSearch, stringifySearch });
  return render(
    <TextProvider value={textOf(lang)}>
      <ConfigProvider theme={themeFor({ elder: false, dark: false })}>
        <App component={false}>
          <QueryClientProvider client={newQueryClient()}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </App>
      </ConfigProvider>
    </TextProvider>,
  );
}

/** What jsdom lacks and antd asks for. */
function stubBrowser(): void {
  window.matchMedia ??= (query) => ({
    matches: false,
    media: query,
    onchange: null,
    addListener: () => {},
    removeListener: () => {},
    addEventListener: () => {},
    removeEventListener: () => {},
    dispatchEvent: () => false,
  });
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  window.scrollTo = () => {};
}
