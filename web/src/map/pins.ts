import type { Map as MapLibreMap } from "maplibre-gl";
import type { Light } from "../api/types";

type Pin = Light | "none" | "picked";

const colours: Record<Pin, string> = {
  green: "#1e7446",
  yellow: "#8f5a00",
  red: "#b3261e",
  paused: "#54579a",
  closed: "#55646f",
  none: "#1d5b79",
  picked: "#a8322a",
};

/** Drawn at twice the size at which they are shown, for sharp screens. */
const width = 56;
const height = 72;

/** Adds the pins to a map. Each light has a sign of its own within the pin, so that the colour is not all that tells them apart. */
export function addPins(map: MapLibreMap): void {
  for (const pin of Object.keys(colours) as Pin[]) {
    if (map.hasImage(`pin-${pin}`)) continue;
    const image = drawPin(pin);
    if (image) map.addImage(`pin-${pin}`, image);
  }
}

function drawPin(pin: Pin): ImageData | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  if (!pen) return undefined;
  pen.beginPath();
  pen.arc(28, 27, 23, Math.PI * 0.85, Math.PI * 2.15);
  pen.lineTo(28, 69);
  pen.closePath();
  pen.fillStyle = colours[pin];
  pen.fill();
  pen.lineWidth = 3;
  pen.strokeStyle = "#ffffff";
  pen.stroke();
  pen.lineWidth = 5;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.fillStyle = "#ffffff";
  signs[pin](pen);
  return pen.getImageData(0, 0, width, height);
}

function line(pen: CanvasRenderingContext2D, ...points: [number, number][]): void {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.stroke();
}

function dot(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, Math.PI * 2);
  pen.fill();
}

const signs: Record<Pin, (pen: CanvasRenderingContext2D) => void> = {
  green: (pen) => line(pen, [17, 28], [25, 36], [39, 19]), // a tick
  yellow: (pen) => line(pen, [28, 14], [28, 28], [37, 34]), // the hands of a clock
  red: (pen) => {
    line(pen, [28, 13], [28, 29]); // an exclamation mark
    dot(pen, 28, 39, 3.5);
  },
  paused: (pen) => {
    line(pen, [22, 17], [22, 37]);
    line(pen, [34, 17], [34, 37]);
  },
  closed: (pen) => line(pen, [18, 27], [38, 27]),
  none: (pen) => dot(pen, 28, 27, 8),
  picked: (pen) => {
    dot(pen, 28, 27, 9);
  },
};
